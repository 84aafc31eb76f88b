/// Questions to the provider which accounts exist: they address nobody and spend no quota.
///
/// One is out at a time. A probe asks about nobody, to see whether the provider answers; a look-up
/// asks about the accounts of a batch that was refused as a whole because of some of them.
struct AccountChecks: Sendable {
    enum Purpose: Sendable, Hashable {
        case probe
        case lookUp(Batch.ID)
    }

    /// A batch that waits, held, to have its accounts looked up.
    struct LookUp: Sendable {
        let batch: Batch
        /// The code of its refusal, which those who don't exist end with.
        let code: Int
        var failures = 0
        var dueAt: Instant
    }

    private(set) var out: Purpose?
    private var sentAt = Instant(nanoseconds: 0)
    /// The longest waiting first.
    private var waiting: [LookUp] = []

    /// Look-ups that may wait before no other call goes out: each keeps its accounts in memory.
    static let waitingLimit = 64
    /// Look-ups of one batch that may fail before it is halved instead.
    private static let failureLimit = 3

    /// Whether a batch waits for its look-up.
    func awaits(_ batch: Batch.ID) -> Bool { waiting.contains { $0.batch.id == batch } }

    /// Batches that wait for their look-up.
    var count: Int { waiting.count }

    var isFull: Bool { waiting.count >= Self.waitingLimit }

    /// The accounts of a batch are to be looked up once it is held.
    mutating func add(_ batch: Batch, code: Int, now: Instant) {
        waiting.append(LookUp(batch: batch, code: code, dueAt: now))
    }

    /// A campaign has ended, or its batches were closed.
    mutating func drop(_ campaign: Campaign.ID) {
        waiting.removeAll { $0.batch.campaign == campaign }
    }

    mutating func probe(_ pace: inout CallPace, now: Instant) {
        pace.take(now: now)
        out = .probe
        sentAt = now
    }

    /// The next look-up that may go out, which is out from now on; otherwise when that may be.
    mutating func next(
        _ pace: inout CallPace,
        accountLimit: Int,
        now: Instant,
        isHeld: (LookUp) -> Bool
    ) -> (accounts: [Account]?, at: Instant?) {
        guard let lookUp = waiting.first(where: { $0.dueAt <= now && isHeld($0) }) else {
            return (nil, waiting.lazy.map(\.dueAt).filter { $0 > now }.min())
        }
        let calls = (lookUp.batch.accounts.count - 1) / accountLimit + 1
        // As many are out as may be: the end of one is the next event.
        guard let at = pace.available(calls, now: now) else { return (nil, nil) }
        guard at <= now else { return (nil, at) }
        pace.take(calls, now: now)
        out = .lookUp(lookUp.batch.id)
        sentAt = now
        return (Array(lookUp.batch.accounts), nil)
    }

    /// What was out has come back; the look-up it was for, nil for a probe or one dropped since.
    mutating func ended() -> (purpose: Purpose, sentAt: Instant, lookUp: LookUp?) {
        guard let purpose = out else {
            preconditionFailure("a question is answered that isn't out")
        }
        out = nil
        guard case .lookUp(let id) = purpose,
            let index = waiting.firstIndex(where: { $0.batch.id == id })
        else { return (purpose, sentAt, nil) }
        return (purpose, sentAt, waiting.remove(at: index))
    }

    /// A look-up failed: it is made again later; false if it failed too often.
    mutating func retry(_ lookUp: LookUp, now: Instant) -> Bool {
        var lookUp = lookUp
        lookUp.failures += 1
        guard lookUp.failures < Self.failureLimit else { return false }
        lookUp.dueAt = now.advanced(by: .seconds(1 << lookUp.failures))
        waiting.append(lookUp)
        return true
    }
}
