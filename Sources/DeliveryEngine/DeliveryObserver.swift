package import DeliveryCore

/// Is shown what happens, for metrics and the watchdog; it decides nothing.
package protocol DeliveryObserver: Sendable {
    /// The loop took an event: it turns.
    func heard(_ event: Dispatcher.Event)
    /// A commit is durable.
    func committed(took duration: Duration)
    /// A call ended.
    func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration)
    /// The dispatcher reports something an operator may want to know.
    func report(_ report: Dispatcher.Report)
}

extension DeliveryObserver {
    package func heard(_ event: Dispatcher.Event) {}
    package func committed(took duration: Duration) {}
    package func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration) {}
    package func report(_ report: Dispatcher.Report) {}
}

/// Looks at nothing.
package struct NoObserver: DeliveryObserver {
    package init() {}
}
