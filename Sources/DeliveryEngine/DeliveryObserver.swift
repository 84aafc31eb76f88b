package import DeliveryCore

/// Observes the sending loop for metrics and the watchdog; it decides nothing.
package protocol DeliveryObserver: Sendable {
    /// The loop has taken an event, so it isn't hung.
    func heard(_ event: Dispatcher.Event)
    /// A commit is durable.
    func committed(took duration: Duration)
    /// A call ended.
    func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration)
    /// A job's call ended.
    func jobAnswered(_ kind: Job.Kind, _ answer: JobAnswer)
    /// So many recipients of a job have had their result, durably.
    func jobSettled(_ kind: Job.Kind, _ tally: Job.Tally)
    /// The dispatcher reports something that operators may want to know.
    func report(_ report: Dispatcher.Report)
}

extension DeliveryObserver {
    package func heard(_ event: Dispatcher.Event) {}
    package func committed(took duration: Duration) {}
    package func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration) {}
    package func jobAnswered(_ kind: Job.Kind, _ answer: JobAnswer) {}
    package func jobSettled(_ kind: Job.Kind, _ tally: Job.Tally) {}
    package func report(_ report: Dispatcher.Report) {}
}

/// Ignores everything.
package struct NoObserver: DeliveryObserver {
    package init() {}
}
