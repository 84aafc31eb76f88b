package import EventLoops
import NIOCore
import NIOPosix
package import NIOSSL
package import Platform
import Synchronization

/// HTTP/1.1 connections that are kept for a while and used again, with one request at a time on each.
///
/// It tells of every request whether a byte of it may have gone out: that decides who is sent to
/// twice. All connections are on one event loop, so that whether a request was given up or begins to
/// go out is one question with one answer. A request that failed is never made again here.
package final class ConnectionPool: Sendable {
    private let loop: any EventLoop
    private let connector: Connector
    private let connections: NIOLoopBoundBox<PooledConnections>
    /// Runs tasks where requests begin and end.
    package let executor: EventLoopExecutor
    private let lastID = Atomic<UInt64>(0)

    package struct Settings: Sendable {
        /// How long an unused connection is kept: shorter than servers and what lies before them do,
        /// since a request on a connection that the peer has silently given up is lost.
        package var idleLimit: Duration
        /// How a connection ends.
        package var close: Close

        package enum Close: Sendable {
            /// By TLS's farewell, after what is in the socket's buffer was sent.
            case orderly
            /// At once: no byte is sent any more. One that isn't acknowledged is sent again for so
            /// long while the connection stands.
            case reset(retransmitting: Duration)
        }

        package init(idleLimit: Duration, close: Close) {
            self.idleLimit = idleLimit
            self.close = close
        }
    }

    package init(_ settings: Settings, tls: TLSConfiguration = .makeClientConfiguration()) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let connector = Connector(tls: tls)
        self.loop = loop
        executor = EventLoopExecutor(loop)
        self.connector = connector
        connections = NIOLoopBoundBox.makeBoxSendingValue(
            PooledConnections(loop, settings, connector),
            eventLoop: loop
        )
    }

    /// Makes a request of a server, over a connection that is there or a new one.
    ///
    /// A new connection has to stand, TLS included, within `connectLimit`. Returns at the latest soon
    /// after the request's deadline, or after its task was canceled.
    package func post(
        _ post: Post,
        to server: WebAddress,
        connectLimit: Duration
    ) async -> Post.Ending {
        let tls: NIOSSLContext?
        do { tls = try connector.security(of: server) } catch { return .notBegun(error) }
        // One that is begun may be out before it is given up.
        if Task.isCancelled { return .notBegun(HTTPFault.interrupted) }
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let promise = loop.makePromise(of: Post.Ending.self)
        let order = PooledConnections.Order(
            id: id,
            post: post,
            server: server,
            tls: tls,
            connectLimit: TimeAmount(connectLimit),
            promise: promise
        )
        return await withTaskCancellationHandler {
            loop.execute { [connections] in connections.value.begin(order) }
            // A cancellation since, but before the request was there, found nothing to give up.
            if Task.isCancelled { giveUp(id) }
            do {
                return try await promise.futureResult.get()
            } catch {
                preconditionFailure("an exchange's ending failed: \(error)")
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: UInt64) {
        loop.execute { [connections] in connections.value.giveUp(id, .interrupted) }
    }

    /// Ends the connections; requests that are out end as broken.
    package func shutDown() async {
        do {
            try await loop.flatSubmit { [connections] in connections.value.shutDown() }.get()
        } catch {
            // A connection that failed while it was closed is closed all the same.
        }
    }
}
