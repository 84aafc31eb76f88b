/// The state of all sending that operators were told last, and since when it holds.
struct ReportedState: Sendable {
    private(set) var state = ServiceState.running
    /// When it came about; nil before the queue has been read.
    private(set) var since: Timestamp?

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
}
