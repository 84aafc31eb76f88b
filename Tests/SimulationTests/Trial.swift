import DeliveryCore
import QueueTables
import Simulation
import TestSupport

/// A life in which a mistake matters, made with it or without it.
///
/// Each campaign has more recipients than a minute's quota, so that the window is always full.
struct Trial {
    let violations: [String]

    init(for sabotage: Sabotage, isPlanted: Bool, seed: UInt64) async throws {
        let file = isPlanted ? try sabotage.trigger.map { try TriggeredStore(trigger: $0) } : nil
        defer { file?.remove() }
        var world = try World(
            seed: seed,
            limits: Self.limits(for: sabotage),
            provider: Self.provider(for: sabotage),
            store: file?.store,
            terms: sabotage.isAboutTerms
                ? try SharedTables(World.options(bootID: "boot", seed: seed)) : nil
        )
        world.faults = Self.faults(for: sabotage)
        if isPlanted { world.sabotage = sabotage }
        try await Self.prepare(&world, for: sabotage)
        try await world.run(for: .seconds(3_000))
        try await world.check()
        violations = world.record.violations
    }

    private static func quota(for sabotage: Sabotage) -> Int {
        // So many calls that a commit is out at any moment.
        sabotage == .closingMissedByCommit ? 60_000 : 300
    }

    private static func limits(for sabotage: Sabotage) -> Limits {
        var limits = Limits()
        limits.messagesPerMinute = quota(for: sabotage)
        limits.burst = 300
        limits.batchAccounts = sabotage == .closingMissedByCommit ? 1 : 30
        limits.retry = RetryPolicy(attemptLimit: 8, base: .seconds(2), cap: .seconds(20))
        // Most of it is left when the process starts again after a crash.
        if sabotage == .crashHeldWithoutTimeout { limits.callTimeout = .seconds(40) }
        // A call arrives so late that its settling time begins long after it was sent.
        if sabotage == .settledBySendTime { limits.callTimeout = .seconds(40) }
        return limits
    }

    private static func provider(for sabotage: Sabotage) -> ProviderModel {
        var provider = ProviderModel(quota: quota(for: sabotage))
        if sabotage == .ledgerBySendTime {
            provider.delayIn = 10...2_000
            provider.delayOut = 10...2_000
        }
        if sabotage == .settledBySendTime { provider.histories.delay = .seconds(40) }
        return provider
    }

    private static func faults(for sabotage: Sabotage) -> Faults {
        var faults = Faults()
        switch sabotage {
        case .crashHeldWithoutTimeout:
            // Only those that are out at the crash take long.
            faults.slowAnswer = 800
            faults.duration = .seconds(10)
        case .unknownHeldAsAnswered: faults.lostAnswer = 150
        case .cursorMovedAtFetch: faults.crash = 20
        case .wholeBatchRetried, .listClosedAsRange: faults.accountTrouble = 100
        case .maybeAcceptedClearedByCancel: faults.garbled = 300
        case .unknownUnspent: faults.garbled = 700
        case .refusalUnspent: faults.retryableCall = 300
        case .settledBySendTime, .foundTakenForAbsent: faults.lostAnswer = 100
        case .failedRecallCounted: faults.badGateway = 100
        case .unsentStaysCounted: faults.notSent = 100
        case .suppressionIgnoredByRepeat: faults.garbled = 300
        case .ledgerBySendTime, .ledgerErasedWithCampaign, .counterOffByOne, .laterCallRecalled,
            .wakeLate, .closingMissedByCommit, .zoneOutOfDate, .suppressionLost,
            .suppressionsForgottenAtStart, .suppressionKept, .staleLeaderCommits,
            .staleLeaderCalls, .goingBackUnnoticed:
            break
        case .doubtTakenAsFailed, .doubtTakenAsMade: faults.doubtfulCommit = 100
        }
        return faults
    }

    private static func prepare(_ world: inout World, for sabotage: Sabotage) async throws {
        if sabotage == .ledgerErasedWithCampaign {
            // They end within seconds; their minute still runs when the process starts again.
            for index in 0..<5 {
                let settings = Campaign.Settings(priority: .high)
                let id = try await world.add(
                    makeAccounts(40, prefix: "short-\(index)-"),
                    settings: settings
                )
                world.plan(.request(.delete(id)), after: .seconds(10))
            }
            world.plan(.crash, after: .seconds(12))
        }
        if sabotage == .crashHeldWithoutTimeout {
            world.plan(.crash, after: .seconds(1))
        }
        if sabotage == .unknownHeldAsAnswered {
            // They use the part of the window too that is kept for notices.
            for index in 0..<40 {
                _ = try await world.add(makeAccounts(30, prefix: "notice-\(index)-"))
            }
        }
        if sabotage == .failedRecallCounted || sabotage == .laterCallRecalled {
            // Some fail as often as they may; they are sent to after the recall, by a retry.
            let accounts =
                makeAccounts(5, prefix: "flaky-8-91000-") + makeAccounts(55, prefix: "short-")
            let settings = Campaign.Settings(priority: .high)
            let id = try await world.add(accounts, settings: settings)
            let terms = JobTerms(historySince: world.now.timestamp)
            world.plan(.request(.startJob(id, .recall, terms)), after: .seconds(400))
            world.plan(.request(.retry(id, RetryFilter())), after: .seconds(500))
        }
        if sabotage == .closingMissedByCommit || sabotage == .zoneOutOfDate {
            return try await prepareHours(&world, for: sabotage)
        }
        let looksUp =
            [.settledBySendTime, .foundTakenForAbsent, .staleLeaderCalls].contains(sabotage)
        let id = try await world.add(
            makeAccounts(1_500, prefix: "user-"),
            settings: Campaign.Settings(onUnknown: looksUp ? .verify : .resend)
        )
        if sabotage == .maybeAcceptedClearedByCancel {
            world.plan(.request(.transition(id, .cancel)), after: .seconds(70))
        }
        switch sabotage {
        case .staleLeaderCommits, .staleLeaderCalls:
            world.plan(.stop(.seconds(200)), after: .seconds(1))
        case .goingBackUnnoticed:
            // All that is sent before the quota is used up is lost.
            world.plan(.lose(.seconds(10)), after: .milliseconds(1))
        case .suppressionLost, .suppressionsForgottenAtStart, .suppressionIgnoredByRepeat,
            .suppressionKept:
            try await Self.keepList(&world)
        default: break
        }
    }

    /// Some are on the suppression list from the first claim on, others come onto it later, and some
    /// leave it before their turn.
    private static func keepList(_ world: inout World) async throws {
        let accounts = makeAccounts(1_500, prefix: "user-")
        let tenths = accounts.indices.filter { $0.isMultiple(of: 10) }.map { accounts[$0] }
        world.plan(.suppress(Array(tenths[..<60])), after: .milliseconds(500))
        for (index, account) in tenths[50..<60].enumerated() {
            world.plan(.unsuppress(account), after: .seconds(10 + index))
        }
        for second in 1...20 {
            let some = (0..<4).map { accounts[second * 70 + $0] }
            world.plan(.suppress(some), after: .seconds(10 * second))
        }
        world.plan(.crash, after: .seconds(100))
        world.plan(.suppress(Array(tenths[120...])), after: .seconds(101))
    }

    /// A campaign whose hours end while it is sent, which is 40 s after the beginning, or 150 s after it
    /// by a step of the zone's clock; after ten minutes it may be sent at any time.
    private static func prepareHours(
        _ world: inout World,
        for sabotage: Sabotage
    ) async throws {
        var settings = Campaign.Settings()
        if sabotage == .zoneOutOfDate {
            settings.sendBetween = SendingHours(
                opensAt: 22 * 60,
                closesAt: 23 * 60,
                timeZone: World.steppedZone
            )
        } else {
            settings.startAt = world.now.timestamp.advanced(by: .seconds(39))
            settings.sendBetween = SendingHours(
                opensAt: 22 * 60,
                closesAt: 22 * 60 + 14,
                timeZone: UniversalTime.name
            )
        }
        let id = try await world.add(makeAccounts(1_500, prefix: "user-"), settings: settings)
        var patch = CampaignPatch()
        patch.sendBetween = .some(nil)
        world.plan(.request(.patch(id, patch)), after: .seconds(600))
    }
}
