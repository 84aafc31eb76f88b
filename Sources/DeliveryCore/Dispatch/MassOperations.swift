/// Operations on more rows than one commit changes: retries, closing what waited in campaigns that
/// ended, and sweeps.
///
/// A campaign may have millions of recipients, and every call waits for the commit that is out. So
/// these go on in steps, one of a kind in a commit, with rests between them. A crash between two
/// steps of a retry ends it: what was put back stays so, and a repeated retry finds the others. The
/// queue itself knows of closings and of what a sweep removes, so these go on after a start.
package struct MassOperations: Sendable {
    /// The next steps of retries, the longest waiting first.
    private var retries: [PendingWrite] = []
    /// Campaigns of which something has yet to be closed, the longest waiting first.
    private var closings: [Campaign.ID] = []
    /// No step of a retry or a closing is made before this.
    private var restsUntil = Instant(nanoseconds: 0)
    /// When the next step of a sweep is due; nil if none is, or while one is in a commit.
    private var sweepAt: Instant?

    package init() {}

    /// For so long the store is there for calls alone between two steps.
    ///
    /// A step takes a few milliseconds: so an operation on millions of rows delays a claim by no
    /// more than one step, and takes a fifth of the store's time at most.
    private static let rest: Duration = .milliseconds(25)
    /// What removes rows may itself be what fails, and it must not hold up calls every second.
    private static let sweepRestAfterFault: Duration = .seconds(60)

    /// What goes into this commit, and when the next step may be made otherwise.
    package mutating func steps(
        _ retention: Duration?,
        now: Now
    ) -> (due: [PendingWrite], next: Instant?) {
        var due: [PendingWrite] = []
        var next: Instant?
        if !retries.isEmpty || !closings.isEmpty {
            if restsUntil <= now.instant {
                if !retries.isEmpty { due.append(retries.removeFirst()) }
                if !closings.isEmpty { due.append(.close(closings.removeFirst())) }
            } else {
                next = restsUntil
            }
        }
        guard let sweepAt else { return (due, next) }
        guard sweepAt <= now.instant else { return (due, min(next ?? sweepAt, sweepAt)) }
        self.sweepAt = nil
        let time = retention.map { now.timestamp.advanced(by: .zero - $0) }
        due.append(.sweep(Write.Sweep(untouchedSince: time)))
        return (due, next)
    }

    /// A step of a retry or a closing is through.
    package mutating func stepped(now: Instant) {
        restsUntil = now.advanced(by: Self.rest)
    }

    /// A retry has another step, whose result answers its request unless there is one more.
    package mutating func add(_ retry: PendingWrite) {
        retries.append(retry)
    }

    /// Retries end before their last step: hands out the requests that wait for them.
    package mutating func endRetries() -> [Dispatcher.Request] {
        defer { retries = [] }
        return retries.compactMap(\.request)
    }

    /// Campaigns that had ended before the start.
    package mutating func restore(_ closing: [Campaign.ID]) {
        closings = closing
    }

    /// A campaign has ended, and not all that waited in it.
    package mutating func close(_ id: Campaign.ID, now: Instant) {
        guard !closings.contains(id) else { return }
        closings.append(id)
        restsUntil = max(restsUntil, now.advanced(by: Self.rest))
    }

    /// A step of a closing wasn't carried out: it is the next one.
    package mutating func closeAgain(_ id: Campaign.ID) {
        closings.insert(id, at: 0)
    }

    /// There is something to remove, or there may be.
    package mutating func sweep(at instant: Instant) {
        sweepAt = instant
    }

    /// A step of a sweep is through.
    package mutating func swept(hasMore: Bool, interval: Duration?, now: Instant) {
        sweepAt = (hasMore ? Self.rest : interval).map { now.advanced(by: $0) }
    }

    package mutating func sweepFailed(now: Instant) {
        sweepAt = now.advanced(by: Self.sweepRestAfterFault)
    }
}
