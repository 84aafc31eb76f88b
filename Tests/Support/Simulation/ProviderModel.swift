package import DeliveryCore

/// What the provider does, as far as the dispatcher can tell: it counts, and answers each account.
///
/// An account's name scripts its fate: `missing-…` never exists, `err-CODE-…` always gets that code,
/// `flaky-K-CODE-…` gets it the first K times.
package struct ProviderModel: Sendable {
    /// Recipients in a window as they arrive; a call that is over it is refused as a whole.
    package var quota: Int
    package var window: Window
    /// How long a call is on its way, in milliseconds.
    package var delayIn: ClosedRange<Int> = 10...125
    /// How long its answer is on its way back.
    package var delayOut: ClosedRange<Int> = 10...125

    /// Every call that arrived, in the order of its arrival.
    package private(set) var received: [Arrival] = []
    package private(set) var refusals = 0
    /// Accounts addressed again after a final answer.
    package private(set) var repeatedAfterFinal = 0
    package private(set) var acceptedTwice = 0

    private var counted: WindowCount
    private var attempts: [Account: Int] = [:]
    private var finals: Set<Account> = []
    private var accepted: Set<Account> = []
    package var histories = Histories()

    package static let retryableCodes: Set<Int> = [70_169, 90_992, 91_000]

    /// How the provider counts; which of them Tencent means nobody says.
    package enum Window: Sendable, Hashable {
        /// Any 60 seconds.
        case rolling
        /// Minutes that begin so long after the start of the provider's clock.
        case aligned(offset: Duration)

        /// One of the two, the second with any offset.
        package init(using random: inout SplitMix64) {
            let offset = Duration.milliseconds(Int.random(in: 0..<60_000, using: &random))
            self = Bool.random(using: &random) ? .rolling : .aligned(offset: offset)
        }
    }

    package struct Arrival: Sendable, Hashable {
        package let at: Instant
        package let count: Int
        package let campaign: Campaign.ID

        package init(at instant: Instant, count: Int, campaign: Campaign.ID) {
            at = instant
            self.count = count
            self.campaign = campaign
        }
    }

    package init(quota: Int = 12_000, window: Window = .rolling) {
        self.quota = quota
        self.window = window
        counted = WindowCount(window)
    }

    /// Counts a call that arrives, and says whether it fits the quota.
    package mutating func counts(_ batch: Batch, at now: Instant) -> Bool {
        let count = batch.accounts.count
        received.append(Arrival(at: now, count: count, campaign: batch.campaign))
        guard counted.add(count, at: now) <= quota else {
            refusals += 1
            return false
        }
        return true
    }

    /// A call arrives: what the provider makes of it; those in `trouble` fail this once.
    package mutating func receive(
        _ batch: Batch,
        at now: Instant,
        trouble: Set<Account> = [],
        wiped: Set<Account> = []
    ) -> Outcome {
        guard counts(batch, at: now) else {
            return .refused(.throttled(atLeast: .zero), code: 90_057, text: "too many messages")
        }
        var refused: [Outcome.RefusedAccount] = []
        for account in batch.accounts {
            if finals.contains(account) { repeatedAfterFinal += 1 }
            let attempt = attempts[account, default: 0] + 1
            attempts[account] = attempt
            let own = Self.code(of: account, attempt: attempt)
            let code = own == 0 && trouble.contains(account) ? 70_169 : own
            let isRetryable = Self.retryableCodes.contains(code)
            if !isRetryable { finals.insert(account) }
            guard code == 0 else {
                refused.append(
                    .init(account: account, code: code, kind: isRetryable ? .retryable : .final)
                )
                continue
            }
            if !accepted.insert(account).inserted { acceptedTwice += 1 }
            if !wiped.contains(account) { histories.add(batch.numbers, of: account, at: now) }
        }
        guard refused.count == batch.accounts.count, refused.allSatisfy({ $0.code == 70_107 })
        else { return .answered(messageKey: Histories.key(batch.numbers), refused: refused) }
        // Looked up first, or halved, so that the same accounts may be addressed once more.
        if batch.accounts.count > 1 { finals.subtract(batch.accounts) }
        return .refused(.recipientsUnconfirmed, code: 90_012, text: "invalid To_Account")
    }

    /// Who of these isn't imported.
    package func check(_ accounts: [Account]) -> CheckOutcome {
        let missing = accounts.filter { Self.code(of: $0, attempt: 1) == 70_107 }
        return .answered(missing: missing, unclear: [])
    }

    package func lookUp(_ lookUp: LookUp, at now: Instant) -> LookUpOutcome {
        .answered(histories.page(for: lookUp, at: now))
    }

    package mutating func recall(_ recall: Recall, at now: Instant) -> RecallOutcome {
        histories.recall(recall, at: now)
    }

    package func isAccepted(_ account: Account) -> Bool { accepted.contains(account) }

    /// The code an account's name scripts for an attempt; 0 is accepted.
    package static func code(of account: Account, attempt: Int) -> Int {
        let parts = account.text.split(separator: "-")
        switch parts.first {
        case "missing": return 70_107
        case "err": return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        case "flaky":
            guard parts.count > 2, let times = Int(parts[1]), let code = Int(parts[2]) else {
                return 0
            }
            return attempt <= times ? code : 0
        default: return 0
        }
    }

    /// The most recipients that arrived in any 60 seconds, whatever the provider's own window is.
    package var busiestMinute: Int { busiest(.rolling) }

    /// The most recipients that arrived in a minute as the provider counts it.
    package var busiestWindow: Int { busiest(window) }

    package func busiest(_ window: Window) -> Int {
        var counted = WindowCount(window)
        return received.map { counted.add($0.count, at: $0.at) }.max() ?? 0
    }

    /// Recipients that arrived in a stretch of time, of one campaign or of all.
    package func received(
        from start: Instant,
        to end: Instant,
        of id: Campaign.ID? = nil
    ) -> Int {
        let arrivals = received.lazy.filter { $0.at >= start && $0.at < end }
        return arrivals.reduce(0) { $0 + (id == nil || $1.campaign == id ? $1.count : 0) }
    }

    /// The longest time in a stretch in which no call of a campaign arrived.
    package func longestGap(
        of id: Campaign.ID,
        from start: Instant,
        to end: Instant
    ) -> Duration {
        var last = start
        var longest = Duration.zero
        for arrival in received
        where arrival.campaign == id && arrival.at >= start && arrival.at < end {
            longest = max(longest, last.duration(to: arrival.at))
            last = arrival.at
        }
        return max(longest, last.duration(to: end))
    }
}

/// What a window holds as calls arrive.
struct WindowCount: Sendable {
    private let window: ProviderModel.Window
    private var entries: [(at: Instant, count: Int)] = []
    private var first = 0
    private var sum = 0

    init(_ window: ProviderModel.Window) {
        self.window = window
    }

    /// Counts a call, and says how much its window holds with it.
    mutating func add(_ count: Int, at now: Instant) -> Int {
        entries.append((now, count))
        sum += count
        while isPast(entries[first].at, now) {
            sum -= entries[first].count
            first += 1
        }
        return sum
    }

    private func isPast(_ instant: Instant, _ now: Instant) -> Bool {
        switch window {
        case .rolling: instant.duration(to: now) >= .seconds(60)
        case .aligned(let offset): minute(instant, offset) < minute(now, offset)
        }
    }

    private func minute(_ instant: Instant, _ offset: Duration) -> Int64 {
        (instant.nanoseconds - offset.nanoseconds) / 60_000_000_000
    }
}
