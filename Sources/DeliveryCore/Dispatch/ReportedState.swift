/// The state of all sending that operators were told last, and since when it holds.
struct ReportedState: Sendable {
    private(set) var state = ServiceState.running
    /// When it came about; nil before the queue has been read.
    private(set) var since: Timestamp?
    /// What hooks were told last that all sending suffers from; nil for nothing.
    private var trouble: EventKind?
    private var wasUnreachable = false
    private var wasStoreFailing = false

    /// Takes in the state as it is; true if it is another one, of which operators are told.
    mutating func changes(to new: ServiceState, now: Timestamp) -> Bool {
        guard new != state else {
            since = since ?? now
            return false
        }
        state = new
        since = now
        return true
    }

    /// A start finds that all sending was halted, which hooks have been told.
    mutating func restoredHalt() {
        trouble = .serviceHalted
    }

    /// Takes in what all sending suffers from; answers the events that make it so.
    ///
    /// A pause hides a trouble from operators and doesn't end it. `isUnreachable` is nil before that
    /// is settled: then it is as it was.
    mutating func events(
        isHalted: Bool,
        isUnreachable: Bool?,
        isStoreFailing: Bool
    ) -> [EventKind] {
        var events: [EventKind] = []
        wasUnreachable = isUnreachable ?? wasUnreachable
        let new: EventKind? =
            isHalted ? .serviceHalted : wasUnreachable ? .serviceUnreachable : nil
        if new != trouble { events.append(new ?? .serviceRecovered) }
        if wasStoreFailing, !isStoreFailing { events.append(.serviceStoreRecovered) }
        (trouble, wasStoreFailing) = (new, isStoreFailing)
        return events
    }
}
