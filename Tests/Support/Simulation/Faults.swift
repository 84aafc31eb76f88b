package import DeliveryCore

/// What a life meets; the swarm's seed turns each kind on or off.
///
/// Chances are in a thousand, of a call, a commit or an effect.
package struct Faults: Sendable, Hashable {
    package var lostCall = 0
    package var lostAnswer = 0
    package var badGateway = 0
    package var garbled = 0
    package var notSent = 0
    /// Answers that take nearly as long as a call may.
    package var slowAnswer = 0
    package var throttled = 0
    /// Accounts of an answer, each of which fails this once.
    package var accountTrouble = 0
    package var retryableCall = 0
    package var unlistedCall = 0
    package var refusedCall = 0
    package var failedCommit = 0
    package var crash = 0
    package var hasReboots = false
    package var hasClockSteps = false
    package var hasOutages = false
    package var hasOperators = false
    package var hasNewLimits = false
    /// Wall clocks that step by a year.
    package var hasYears = false
    /// Limits that are others after a restart.
    package var changesAtRestart = false
    /// Campaigns that are created while others run.
    package var hasNewCampaigns = false
    /// Drafts that recipients are streamed into.
    package var hasStreams = false
    package var hasDeletes = false
    /// What is over, and drafts, are kept for no more than minutes.
    package var hasRetention = false
    /// Campaigns with the policy `verify`, and operators who ask for jobs.
    package var hasJobs = false
    /// Campaigns with sending hours, and operators who change them.
    package var hasHours = false
    /// Operators who keep the list of accounts that must not be addressed.
    package var hasSuppressions = false
    /// Several nodes on one database, of which another leads after a crash, and leaders that are
    /// stopped for a while.
    package var hasTerms = false
    /// Commits of which it isn't known for a while whether they were made.
    package var doubtfulCommit = 0
    /// A database that goes back to what it was seconds ago.
    package var goesBack = false
    /// Recipients whose history is wiped as soon as a message has arrived.
    package var wipedHistory = 0
    /// After so long nothing goes wrong any more, and operators let everything finish.
    package var duration: Duration = .seconds(600)

    package init() {}

    /// Whether the world takes turns of its own.
    package var hasTicks = false

    /// Each kind on or off.
    package init(using random: inout SplitMix64) {
        self.init()
        hasTicks = true
        for kind in Self.chances where Bool.random(using: &random) {
            self[keyPath: kind] = Int.random(in: 5...150, using: &random)
        }
        if Bool.random(using: &random) { crash = Int.random(in: 2...40, using: &random) }
        for kind in Self.kinds { self[keyPath: kind] = Bool.random(using: &random) }
    }

    /// Draws what else may happen.
    package mutating func widen(using random: inout SplitMix64) {
        for kind in Self.wideKinds { self[keyPath: kind] = Bool.random(using: &random) }
    }

    /// Draws what jobs meet.
    package mutating func deepen(using random: inout SplitMix64) {
        hasJobs = Bool.random(using: &random)
        if chanceOfWipes(&random) { wipedHistory = Int.random(in: 5...100, using: &random) }
    }

    /// Draws whether campaigns have sending hours.
    package mutating func restrict(using random: inout SplitMix64) {
        hasHours = Bool.random(using: &random)
    }

    /// Draws whether there are several nodes, and what their database does.
    package mutating func multiply(using random: inout SplitMix64) {
        hasTerms = Bool.random(using: &random)
        guard hasTerms else { return }
        if Bool.random(using: &random) {
            doubtfulCommit = Int.random(in: 5...100, using: &random)
        }
        goesBack = Int.random(in: 0..<4, using: &random) == 0
    }

    private func chanceOfWipes(_ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<4, using: &random) == 0
    }

    private static var wideKinds: [WritableKeyPath<Faults, Bool>] {
        [
            \.hasYears, \.changesAtRestart, \.hasNewCampaigns, \.hasStreams, \.hasDeletes,
            \.hasRetention,
        ]
    }

    private static var chances: [WritableKeyPath<Faults, Int>] {
        [
            \.lostCall, \.lostAnswer, \.badGateway, \.garbled, \.notSent, \.slowAnswer,
            \.throttled, \.accountTrouble, \.retryableCall, \.unlistedCall, \.refusedCall,
            \.failedCommit,
        ]
    }

    private static var kinds: [WritableKeyPath<Faults, Bool>] {
        [
            \.hasReboots, \.hasClockSteps, \.hasOutages, \.hasOperators, \.hasNewLimits,
        ]
    }

    /// Both lives' kinds of trouble.
    package func union(_ other: Faults) -> Faults {
        var union = self
        union.hasJobs = union.hasJobs || other.hasJobs
        union.hasHours = union.hasHours || other.hasHours
        union.hasSuppressions = union.hasSuppressions || other.hasSuppressions
        union.wipedHistory += other.wipedHistory
        union.hasTerms = union.hasTerms || other.hasTerms
        union.doubtfulCommit += other.doubtfulCommit
        union.goesBack = union.goesBack || other.goesBack
        for kind in Self.chances + [\.crash] { union[keyPath: kind] += other[keyPath: kind] }
        for kind in Self.kinds + Self.wideKinds where other[keyPath: kind] {
            union[keyPath: kind] = true
        }
        return union
    }

    /// Whether every kind of trouble is on.
    package var isComplete: Bool {
        (Self.chances + [\.crash]).allSatisfy { self[keyPath: $0] > 0 }
            && (Self.kinds + Self.wideKinds).allSatisfy { self[keyPath: $0] } && hasJobs && hasHours
            && hasSuppressions && wipedHistory > 0 && hasTerms && doubtfulCommit > 0 && goesBack
    }

    /// Whole calls refused, each kind of which asks for another reaction.
    static let refusals: [(refusal: Outcome.Refusal, code: Int)] = [
        (.credentialsExpired, 70_001), (.credentials, 70_003), (.campaign, 80_001),
        (.tooLarge, 93_000), (.recipientsUnconfirmed, 90_012),
    ]

    /// How one call goes.
    package enum CallFate: Sendable, Hashable {
        case well
        case slow
        case lost
        case answerLost
        case badGateway(isAccepted: Bool)
        case garbled
        case notSent
        case refused(Outcome.Refusal, code: Int)
        case unlisted
        /// The call arrives, is counted and gets this, which accepts nobody.
        case answered(Outcome)
    }

    func fate(using random: inout SplitMix64) -> CallFate {
        if happens(lostCall, &random) { return .lost }
        if happens(lostAnswer, &random) { return .answerLost }
        if happens(badGateway, &random) {
            return .badGateway(isAccepted: Bool.random(using: &random))
        }
        if happens(garbled, &random) { return .garbled }
        if happens(notSent, &random) { return .notSent }
        if happens(slowAnswer, &random) { return .slow }
        if happens(throttled, &random) {
            return .refused(.throttled(atLeast: .seconds(1)), code: 60_013)
        }
        if happens(retryableCall, &random) { return .refused(.retryable, code: 91_000) }
        if happens(unlistedCall, &random) { return .unlisted }
        if happens(refusedCall, &random) {
            let index = Int.random(in: 0..<Self.refusals.count, using: &random)
            return .refused(Self.refusals[index].refusal, code: Self.refusals[index].code)
        }
        return .well
    }

    func happens(_ chance: Int, _ random: inout SplitMix64) -> Bool {
        chance > 0 && Int.random(in: 0..<1_000, using: &random) < chance
    }
}
