/// The writes that wait for a commit, the commit that is out, and whether the store takes any.
///
/// One commit is out at a time. What comes in meanwhile waits and shares the next one: that makes a
/// disk's few hundred flushes a second carry any number of calls.
package struct CommitQueue: Sendable {
    package private(set) var pending: [PendingWrite] = []
    package private(set) var out: Commit?
    /// Why nothing can be written; it is tried again until a commit succeeds.
    package private(set) var fault: Fault?
    /// The service's record as the store has it.
    package private(set) var durableService = ServiceRecord()

    package init() {}

    package struct Commit: Sendable {
        package let writes: [PendingWrite]
        /// The service's record as this commit would make it.
        package let service: ServiceRecord
        package let reserved: Int
    }

    package struct Fault: Sendable, Hashable {
        package let cause: CommitFault
        package let retryAt: Instant
    }

    /// How long a fault of the store is waited for; not measured: a full disk takes longer to clear.
    private static let faultRest: Duration = .seconds(1)

    /// When the next commit may be made.
    package enum Readiness: Sendable, Hashable {
        case ready
        case waits(until: Instant)
        case busy
    }

    package func readiness(now: Instant) -> Readiness {
        if out != nil { return .busy }
        guard let fault, fault.retryAt > now else { return .ready }
        return .waits(until: fault.retryAt)
    }

    package var isEmpty: Bool { pending.isEmpty && out == nil }

    /// Whether an event that hooks want waits for its commit.
    package var holdsEvent: Bool {
        pending.contains { if case .event = $0 { true } else { false } }
    }

    /// When it is seen next whether the store takes writes; nil if it does, or a commit shows it now.
    package func triedAt(now: Instant) -> Instant? {
        if case .waits(let until) = readiness(now: now) { until } else { nil }
    }

    /// Whether an operator's pause or resume waits for its commit.
    package var hasServiceRequest: Bool {
        pending.contains { if case .service(_?) = $0 { true } else { false } }
    }

    /// Whether no claim waits: each is planned for the very next commit, and its recipients are
    /// reserved no longer than that takes.
    package var holdsNoClaim: Bool { pending.allSatisfy { $0.reserved == 0 } }

    /// Whether a call of a campaign, or with nil of any, goes out once the commit is durable.
    package func claims(for campaign: Campaign.ID?) -> Bool {
        out?.writes.contains { write in
            guard case .claim(_, let offer) = write else { return false }
            return campaign == nil || offer.flow.id == campaign
        } ?? false
    }

    package mutating func add(_ write: PendingWrite) {
        pending.append(write)
    }

    package mutating func add(contentsOf writes: [PendingWrite]) {
        pending.append(contentsOf: writes)
    }

    /// Takes what goes into the next commit, in order; of operators' changes no more than it holds.
    ///
    /// Empty if nothing waits: no commit is out then.
    package mutating func take(_ service: ServiceRecord) -> [Write] {
        precondition(out == nil, "a commit is made while another is out")
        var room = CommitSize.changes
        var taken: [PendingWrite] = []
        var left: [PendingWrite] = []
        for write in pending {
            if write.request == nil {
                taken.append(write)
            } else {
                if room > 0 { taken.append(write) } else { left.append(write) }
                room -= 1
            }
        }
        pending = left
        guard !taken.isEmpty else { return [] }
        let reserved = taken.reduce(0) { $0 + $1.reserved }
        out = Commit(writes: taken, service: service, reserved: reserved)
        return taken.map { $0.write(service) }
    }

    /// The commit is durable: hands it out.
    package mutating func succeeded() -> Commit {
        fault = nil
        return ended()
    }

    /// Nothing of the commit was done: hands it out.
    package mutating func failed(_ cause: CommitFault, now: Instant) -> Commit {
        fault = Fault(cause: cause, retryAt: now.advanced(by: Self.faultRest))
        return ended()
    }

    private mutating func ended() -> Commit {
        guard let out else { preconditionFailure("a commit came back that was not asked for") }
        self.out = nil
        return out
    }

    /// Writes of a failed commit go before all that came in since.
    package mutating func putBack(_ writes: [PendingWrite]) {
        pending = writes + pending
    }

    /// Something else than a commit couldn't be written: a commit of the dispatcher's own shows how
    /// the store is.
    package mutating func storeFailed(_ cause: CommitFault, now: Instant) {
        // A fault that is known already is tried again in its own time.
        guard fault == nil else { return }
        fault = Fault(cause: cause, retryAt: now.advanced(by: Self.faultRest))
    }

    /// The service's record was read from the store, or is durable there.
    package mutating func serviceIsDurable(_ record: ServiceRecord) {
        durableService = record
    }
}
