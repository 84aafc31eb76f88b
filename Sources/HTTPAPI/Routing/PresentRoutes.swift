import HummingbirdCore
import NIOCore
import Synchronization

/// The routes by which an endpoint answers at present, and the requests under way.
///
/// A node's part among those of a queue may change while its server goes on.
final class PresentRoutes: Sendable {
    private struct State {
        var responder: APIResponder
        var lastVisit = 0
        /// The connections of the requests that aren't answered in full.
        var open: [Int: any Channel] = [:]
    }

    private let state: Mutex<State>

    init(_ responder: APIResponder) {
        state = Mutex(State(responder: responder))
    }

    func respond(to request: Request, on channel: any Channel) async -> Response {
        let (responder, visit) = state.withLock { state in
            state.lastVisit += 1
            state.open[state.lastVisit] = channel
            return (state.responder, Visit(id: state.lastVisit, routes: self))
        }
        return await responder.respond(to: request, on: channel).holding(visit)
    }

    /// Answers by other routes from now on; requests under way go on by the former ones.
    func replace(with responder: APIResponder) -> FormerRequests {
        state.withLock { state in
            state.responder = responder
            return FormerRequests(routes: self, lastVisit: state.lastVisit)
        }
    }

    fileprivate func cut(upTo visit: Int) {
        let channels = state.withLock { $0.open.filter { $0.key <= visit }.values }
        for channel in channels { channel.close(promise: nil) }
    }

    fileprivate func leave(_ visit: Int) {
        state.withLock { $0.open[visit] = nil }
    }
}

/// A request under way, until its response has been read or dropped.
private final class Visit: Sendable {
    private let id: Int
    private let routes: PresentRoutes

    init(id: Int, routes: PresentRoutes) {
        self.id = id
        self.routes = routes
    }

    deinit {
        routes.leave(id)
    }
}

/// The requests that were under way when other routes took the place of theirs.
package struct FormerRequests: Sendable {
    fileprivate let routes: PresentRoutes
    fileprivate let lastVisit: Int

    /// Closes the connections of those that are under way still.
    package func cut() { routes.cut(upTo: lastVisit) }
}
