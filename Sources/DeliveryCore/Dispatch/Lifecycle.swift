/// Where the dispatcher stands between its start and its end.
package enum Lifecycle: Sendable, Hashable, CaseIterable {
    /// The queue hasn't been read yet: nothing is planned.
    case restoring
    case running
    /// The calls that are out end and are recorded; no request is taken and no call is made.
    case draining
    case stopped

    package enum Event: Sendable, Hashable, CaseIterable {
        case restored
        case drainRequested
        /// No call is out and everything is recorded.
        case drained
    }

    /// The whole table of transitions.
    package func next(after event: Event) -> Lifecycle {
        switch (self, event) {
        case (.restoring, .restored): .running
        // Nothing was sent, so there is nothing to wait for.
        case (.restoring, .drainRequested): .stopped
        case (.running, .drainRequested): .draining
        case (.draining, .drained): .stopped
        // A drain may be asked for twice, by an operator and by the service manager.
        case (.draining, .drainRequested), (.stopped, .drainRequested): self
        case (.running, .restored), (.draining, .restored), (.stopped, .restored):
            preconditionFailure("the queue is restored twice: the dispatcher is \(self)")
        case (.restoring, .drained), (.running, .drained), (.stopped, .drained):
            preconditionFailure("a drain ends that isn't under way: the dispatcher is \(self)")
        }
    }
}
