import NIOCore
import Synchronization

/// Knows of each call whether its first byte may have gone out, and on which connection.
///
/// The client's errors can't tell that: a timeout, for one, may strike while a call still waits for
/// a connection. So each connection's gate asks here before it lets a request pass, and a call that
/// was given up, or may not begin any more, is turned away.
final class CallRegistry: Sendable {
    typealias CallID = UInt64

    /// Says whether a call may begin at this moment.
    typealias Fence = @Sendable () -> Bool

    private struct Call {
        let fence: Fence?
        /// Where its request passed; nil until it began to go out.
        var gate: Gate?
        var isHeldBack = false
    }

    private struct State {
        var lastID: CallID = 0
        var open: [CallID: Call] = [:]
    }

    /// The gate of a connection, usable on the connection's event loop.
    struct Gate: Sendable {
        let eventLoop: any EventLoop
        let handler: NIOLoopBound<CallGate>
    }

    private let state = Mutex(State())

    /// Opens a call, whose request passes no gate once its fence is closed.
    func open(behind fence: Fence? = nil) -> CallID {
        state.withLock { state in
            state.lastID += 1
            state.open[state.lastID] = Call(fence: fence)
            return state.lastID
        }
    }

    /// Asks for a call's request to pass through a gate; false if the call was given up, or its
    /// fence is closed.
    func begin(_ id: CallID, at gate: Gate) -> Bool {
        // Not under the lock: what the fence goes by has a lock of its own.
        let mayBegin = state.withLock { $0.open[id]?.fence }?() ?? true
        return state.withLock { state in
            guard state.open[id] != nil else { return false }
            if mayBegin { state.open[id]?.gate = gate } else { state.open[id]?.isHeldBack = true }
            return mayBegin
        }
    }

    /// Forgets a call that was answered.
    func close(_ id: CallID) {
        state.withLock { state in state.open[id] = nil }
    }

    /// How far a call's request had come when it was given up.
    enum Progress: Sendable {
        /// It had no connection yet.
        case waiting
        /// It had one, and its fence was closed.
        case heldBack
        case begun
    }

    /// Gives a call up: when this returns, no byte of it can go out any more.
    func abort(_ id: CallID) async -> Progress {
        let call = state.withLock { state in state.open.removeValue(forKey: id) }
        guard let call, let gate = call.gate else {
            return call?.isHeldBack == true ? .heldBack : .waiting
        }
        do {
            try await gate.eventLoop.submit { gate.handler.value.abort(id) }.get()
        } catch {
            // The event loop has been shut down, and every connection of its with it.
        }
        return .begun
    }
}
