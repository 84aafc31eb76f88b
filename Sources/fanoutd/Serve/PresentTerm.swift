package import DeliveryCore
package import DeliveryEngine
import Synchronization
import Webhooks

/// The term that runs at present, and what was counted in those before it.
///
/// The endpoint, the metrics and a reload find the running term here, or that there is none.
package final class PresentTerm: Sendable {
    /// What goes on being counted from one term to the next.
    package struct Counted: Sendable {
        package var ended = Counts()
        package var hooks: [HookKey: HookFigures] = [:]

        package init() {}
    }

    private struct State {
        var term: Term?
        var counted = Counted()
        var configError: String?
    }

    private let state = Mutex(State())

    package init() {}

    package var current: Term? { state.withLock { $0.term } }

    /// Why the last reload of the configuration was refused; nil if it was accepted.
    package var configError: String? { state.withLock { $0.configError } }

    /// Recipients that became final since the process began.
    package var ended: Counts {
        state.withLock { state in
            guard let term = state.term else { return state.counted.ended }
            return state.counted.ended.adding(term.queue.ended)
        }
    }

    /// Begins a term by the configuration in force.
    ///
    /// A reload either finds the new term or has changed the configuration before it is made, so
    /// none escapes it.
    @discardableResult
    package func begin(_ make: (Counted) -> Term) -> Term {
        state.withLock { state in
            let term = make(state.counted)
            if let error = state.configError { term.deliveries.refuseConfiguration(error) }
            state.term = term
            return term
        }
    }

    /// Takes note of what the running term has counted; there is none then.
    package func end() {
        state.withLock { state in
            guard let term = state.term else { return }
            state.counted.ended = state.counted.ended.adding(term.queue.ended)
            state.counted.hooks = term.hooks.figures
            state.term = nil
        }
    }

    /// A configuration was read again, and refused for a reason, or accepted.
    package func configurationRead(refusedFor reason: String?) {
        let term = state.withLock { state in
            state.configError = reason
            return state.term
        }
        if let reason { term?.deliveries.refuseConfiguration(reason) }
    }
}

extension Counts {
    fileprivate func adding(_ other: Counts) -> Counts {
        var sum = self
        for status in Recipient.Status.allCases { sum[status] += other[status] }
        return sum
    }
}
