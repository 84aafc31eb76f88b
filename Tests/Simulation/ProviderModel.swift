package import DeliveryCore

/// What the provider does, as far as the dispatcher can tell: it counts, and answers each account.
///
/// An account's name scripts its fate: `missing-…` never exists, `err-CODE-…` always gets that code,
/// `flaky-K-CODE-…` gets it the first K times.
package struct ProviderModel: Sendable {
    /// Recipients in any 60 seconds as they arrive; over it a call is refused.
    package var quota: Int
    /// How long a call is on its way, in milliseconds.
    package var delayIn: ClosedRange<Int> = 10...125
    /// How long its answer is on its way back.
    package var delayOut: ClosedRange<Int> = 10...125

    /// When how many recipients arrived.
    package private(set) var received: [(at: Instant, count: Int)] = []
    package private(set) var refusals = 0
    /// Accounts addressed again after a final answer.
    package private(set) var repeatedAfterFinal = 0
    package private(set) var acceptedTwice = 0

    private var window: WindowCount
    private var attempts: [Account: Int] = [:]
    private var finals: Set<Account> = []
    private var accepted: Set<Account> = []

    package static let retryableCodes: Set<Int> = [70_169, 90_992, 91_000]

    package init(quota: Int = 12_000) {
        self.quota = quota
        window = WindowCount()
    }

    /// Counts a call that arrives, and says whether it fits the quota.
    package mutating func counts(_ batch: Batch, at now: Instant) -> Bool {
        received.append((now, batch.accounts.count))
        guard window.add(batch.accounts.count, at: now) <= quota else {
            refusals += 1
            return false
        }
        return true
    }

    /// A call arrives: what the provider makes of it; those in `trouble` fail this once.
    package mutating func receive(
        _ batch: Batch,
        at now: Instant,
        trouble: Set<Account> = []
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
                refused.append(.init(account: account, code: code, isRetryable: isRetryable))
                continue
            }
            if !accepted.insert(account).inserted { acceptedTwice += 1 }
        }
        guard refused.count == batch.accounts.count, refused.allSatisfy({ $0.code == 70_107 })
        else { return .answered(messageKey: "key", refused: refused) }
        // Doubted first, so that the halves address the same accounts once more.
        if !batch.isHalf, batch.accounts.count > 1 { finals.subtract(batch.accounts) }
        return .refused(.recipientsInDoubt, code: 90_012, text: "invalid To_Account")
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

    /// The most recipients that arrived in any 60 seconds.
    package var busiestMinute: Int {
        var window = WindowCount()
        return received.map { window.add($0.count, at: $0.at) }.max() ?? 0
    }

    /// The most recipients that arrived in a minute of the provider's clock.
    package var busiestAlignedMinute: Int {
        var minutes: [Int64: Int] = [:]
        for (at, count) in received {
            minutes[at.nanoseconds / 60_000_000_000, default: 0] += count
        }
        return minutes.values.max() ?? 0
    }

    /// Recipients that arrived in a stretch of time.
    package func received(from start: Instant, to end: Instant) -> Int {
        received.reduce(0) { $0 + ($1.at >= start && $1.at < end ? $1.count : 0) }
    }
}

/// A rolling count of the last 60 seconds.
struct WindowCount: Sendable {
    private var entries: [(at: Instant, count: Int)] = []
    private var first = 0
    private var sum = 0

    mutating func add(_ count: Int, at now: Instant) -> Int {
        entries.append((now, count))
        sum += count
        while entries[first].at.duration(to: now) >= .seconds(60) {
            sum -= entries[first].count
            first += 1
        }
        return sum
    }
}
