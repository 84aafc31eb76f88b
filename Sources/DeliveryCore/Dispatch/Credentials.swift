/// Whether the provider takes the credentials and app settings that calls go out with.
///
/// Every bad signature counts towards a lock-out at the provider. So credentials that nothing useful
/// was answered to yet are tried by one call at a time, expired ones are renewed once, and refused
/// ones halt all sending until an operator resumes it or the configuration changes.
package struct Credentials: Sendable, Hashable {
    /// Tells one set of credentials and app settings from another.
    package private(set) var fingerprint: String
    package private(set) var state = State.trusted
    /// When they were renewed last; nil once a call has succeeded since.
    ///
    /// A call that went out later and is told that they expired isn't helped by another renewal.
    private var renewedAt: Instant?
    /// When others were configured; nil if these are there from the start.
    private var replacedAt: Instant?

    package enum State: Sendable, Hashable {
        case trusted
        /// No call that went out since has shown that the provider takes them.
        case unverified(since: Instant)
        case renewing
        /// The provider refused them, be it while they are being renewed.
        case halted(ServiceRecord.Halt, isRenewing: Bool)
    }

    package init(fingerprint: String) {
        self.fingerprint = fingerprint
    }

    package var halt: ServiceRecord.Halt? {
        if case .halted(let halt, _) = state { halt } else { nil }
    }

    package var isTrusted: Bool { state == .trusted }

    /// How many calls may be out, where `limit` may otherwise.
    package func callLimit(_ limit: Int) -> Int {
        switch state {
        case .trusted: limit
        case .unverified: 1
        case .renewing, .halted: 0
        }
    }

    /// A call got an answer that isn't about the credentials.
    ///
    /// `isAccepted` says that the provider carried the call out, `isShown` that it looked at it.
    package mutating func answered(isAccepted: Bool, isShown: Bool, sentAt: Instant) {
        // When renewed ones that work expire one day, they may be renewed again.
        if isAccepted, let renewedAt, renewedAt <= sentAt { self.renewedAt = nil }
        switch state {
        case .unverified(let since) where isShown && since <= sentAt: state = .trusted
        case .trusted, .unverified, .renewing, .halted: break
        }
    }

    /// What follows from a refusal of the credentials.
    package enum Reaction: Sendable, Hashable {
        /// Nothing: the call went out with others, or they are being renewed or are halted already.
        case none
        case renew
        case halt
    }

    package mutating func refused(
        _ reason: Campaign.Reason,
        isExpired: Bool,
        sentAt: Instant
    ) -> Reaction {
        if let replacedAt, sentAt < replacedAt { return .none }
        // Where renewed ones are told the same, another renewal will not help.
        let mayRenew = isExpired && renewedAt.map { sentAt < $0 } ?? true
        switch state {
        case .renewing where isExpired: return .none
        case .trusted where mayRenew, .unverified where mayRenew:
            state = .renewing
            renewedAt = nil
            return .renew
        case .halted(let halt, isRenewing: false) where mayRenew:
            state = .halted(halt, isRenewing: true)
            renewedAt = nil
            return .renew
        case .halted: return .none
        case .trusted, .unverified, .renewing:
            let halt = ServiceRecord.Halt(reason: reason, fingerprint: fingerprint)
            state = .halted(halt, isRenewing: state == .renewing)
            return .halt
        }
    }

    /// A start finds that these, or others, were refused; true if the halt is over.
    package mutating func restored(_ halt: ServiceRecord.Halt?, now: Instant) -> Bool {
        guard let halt else { return false }
        let isOver = halt.fingerprint != fingerprint
        state = isOver ? .unverified(since: now) : .halted(halt, isRenewing: false)
        return isOver
    }

    /// The renewal has ended, which gives others in any case.
    package mutating func renewed(now: Instant) {
        renewedAt = now
        switch state {
        case .halted(let halt, _): state = .halted(halt, isRenewing: false)
        case .renewing: state = .unverified(since: now)
        // Others were configured while these were renewed, and are as new as these.
        case .trusted, .unverified: state = .unverified(since: now)
        }
    }

    /// An operator wants all sending to go on.
    package mutating func resumed(now: Instant) {
        switch state {
        case .halted(_, let isRenewing):
            state = isRenewing ? .renewing : .unverified(since: now)
        case .trusted, .unverified, .renewing: break
        }
        renewedAt = nil
    }

    /// A resume didn't become durable: what it ended holds again, unless it is outdated.
    package mutating func resumeFailed(_ halt: ServiceRecord.Halt) {
        guard halt.fingerprint == fingerprint else { return }
        switch state {
        // Another refusal came meanwhile.
        case .halted: break
        case .renewing: state = .halted(halt, isRenewing: true)
        case .trusted, .unverified: state = .halted(halt, isRenewing: false)
        }
    }

    /// Others are configured; true if that ends a halt.
    package mutating func replaced(_ fingerprint: String, now: Instant) -> Bool {
        let wasHalted = halt != nil
        self.fingerprint = fingerprint
        state = .unverified(since: now)
        renewedAt = nil
        replacedAt = now
        return wasHalted
    }
}
