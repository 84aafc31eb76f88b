import NIOCore
import Synchronization

/// Knows of each call whether its first byte may have gone out, and on which connection.
///
/// The client's errors can't tell that: a timeout, for one, may strike while a call still waits for
/// a connection. So each connection's gate asks here before it lets a request pass, and a call that
/// was given up is turned away.
final class CallRegistry: Sendable {
    typealias CallID = UInt64

    private struct State {
        var lastID: CallID = 0
        /// The calls that are open; nil until the request began to go out.
        var gates: [CallID: Gate?] = [:]
    }

    /// The gate of a connection, usable on the connection's event loop.
    struct Gate: Sendable {
        let eventLoop: any EventLoop
        let handler: NIOLoopBound<CallGate>
    }

    private let state = Mutex(State())

    func open() -> CallID {
        state.withLock { state in
            state.lastID += 1
            state.gates[state.lastID] = .some(nil)
            return state.lastID
        }
    }

    /// Asks for a call's request to pass through a gate; false if the call was given up.
    func begin(_ id: CallID, at gate: Gate) -> Bool {
        state.withLock { state in
            guard state.gates[id] != nil else { return false }
            state.gates[id] = gate
            return true
        }
    }

    /// Forgets a call that was answered.
    func close(_ id: CallID) {
        state.withLock { state in state.gates[id] = nil }
    }

    /// Gives a call up: when this returns, no byte of it can go out any more.
    ///
    /// - Returns: whether the request had begun to go out.
    func abort(_ id: CallID) async -> Bool {
        let gate = state.withLock { state in state.gates.removeValue(forKey: id) ?? nil }
        guard let gate else { return false }
        do {
            try await gate.eventLoop.submit { gate.handler.value.abort(id) }.get()
        } catch {
            // The event loop has been shut down, and every connection of its with it.
        }
        return true
    }
}
