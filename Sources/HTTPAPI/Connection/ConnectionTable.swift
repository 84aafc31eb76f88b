import Glibc
import Synchronization

/// The connections that are open, so that a client's idle ones don't keep others out.
///
/// There is room for so many. The next one takes the place of the one that has asked nothing for
/// the longest time; where all of them have a request that is being handled, it is refused.
package final class ConnectionTable: Sendable {
    /// What becomes of a new connection.
    package enum Admission: Sendable {
        case admitted
        /// There is no room for it, but enough for a response that says so.
        case refused
        /// There are too many of those too.
        case shut
    }

    package let limit: Int
    private let state = Mutex(State())

    /// Connections beyond the limit that are told so; what is over it as well is closed at once.
    static let refusedLimit = 64

    private struct State {
        var connections: [ObjectIdentifier: Entry] = [:]
        var stampCount = 0

        mutating func wait(_ id: ObjectIdentifier) {
            guard connections[id] != nil, connections[id]?.stamp == nil else { return }
            stampCount += 1
            connections[id]?.stamp = stampCount
        }

        /// Takes out the connection that has waited longest.
        ///
        /// A look at each of 2,000 costs less than it does to accept the one that comes.
        mutating func removeLongestWaiting() -> Entry? {
            let waiting = connections.lazy.filter { $0.value.stamp != nil }
            return waiting.min { $0.value.stamp ?? 0 < $1.value.stamp ?? 0 }
                .flatMap { connections.removeValue(forKey: $0.key) }
        }
    }

    private struct Entry {
        let evict: @Sendable () -> Void
        /// Tells when it began to wait; nil while a request is being handled.
        var stamp: Int?
    }

    package init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { state.withLock { $0.connections.count } }

    /// Enters a connection, which waits for its first request; `evict` must close it.
    package func open(
        _ id: ObjectIdentifier,
        evict: @escaping @Sendable () -> Void
    ) -> Admission {
        let (admission, evicted) = state.withLock { state -> (Admission, Entry?) in
            var admission = Admission.admitted
            var evicted: Entry?
            if state.connections.count >= limit {
                evicted = state.removeLongestWaiting()
                if evicted == nil {
                    let isShut = state.connections.count >= limit + Self.refusedLimit
                    admission = isShut ? .shut : .refused
                }
            }
            state.connections[id] = Entry(evict: evict, stamp: nil)
            if admission == .admitted { state.wait(id) }
            return (admission, evicted)
        }
        evicted?.evict()
        return admission
    }

    /// Says that a connection has no request that is being handled.
    package func wait(_ id: ObjectIdentifier) {
        state.withLock { $0.wait(id) }
    }

    /// Says that a connection has one.
    package func serve(_ id: ObjectIdentifier) {
        state.withLock { $0.connections[id]?.stamp = nil }
    }

    package func close(_ id: ObjectIdentifier) {
        state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }

    /// How many connections may be open at once with what the process may open.
    ///
    /// A part is left for the store, the calls to the provider and the log.
    package static func limit(wanted: Int, openFiles: Int) -> Int {
        min(wanted, max(openFiles / 2, openFiles - 400))
    }

    /// How many files the process may have open.
    static var openFiles: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1_024
        }
        return Int(clamping: limit.rlim_cur)
    }
}
