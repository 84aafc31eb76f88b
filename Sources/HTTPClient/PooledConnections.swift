import NIOCore
import NIOSSL
import Platform

/// The connections of a pool and the requests that use them, all on the pool's event loop.
final class PooledConnections {
    let settings: ConnectionPool.Settings
    private let loop: any EventLoop
    private let connector: Connector
    /// The latest used last, so that those which aren't needed end.
    private var idle: [WebAddress: [PooledConnection]] = [:]
    private var open: [ObjectIdentifier: PooledConnection] = [:]
    private var exchanges: [UInt64: Exchange] = [:]
    private var isShutDown = false

    /// A request as it comes to the event loop.
    struct Order: Sendable {
        let id: UInt64
        let post: Post
        let server: WebAddress
        let tls: NIOSSLContext?
        let connectLimit: TimeAmount
        let promise: EventLoopPromise<Post.Ending>
    }

    init(_ loop: any EventLoop, _ settings: ConnectionPool.Settings, _ connector: Connector) {
        self.loop = loop
        self.settings = settings
        self.connector = connector
    }

    func begin(_ order: Order) {
        guard !isShutDown else {
            order.promise.succeed(.notBegun(HTTPFault.shutDown))
            return
        }
        let exchange = Exchange(order)
        exchanges[order.id] = exchange
        exchange.alarm = loop.assumeIsolated().scheduleTask(deadline: order.post.deadline) {
            self.giveUp(order.id, .deadlineExceeded)
        }
        if let connection = idle[order.server]?.popLast() {
            connection.begin(exchange)
        } else {
            connect(for: exchange)
        }
    }

    private func connect(for exchange: Exchange) {
        let order = exchange.order
        connector.open(order.server, with: order.tls, on: loop, within: order.connectLimit)
            .assumeIsolated().whenComplete { result in
                do {
                    let channel = try result.get()
                    let connection = PooledConnection(order.server, of: self)
                    try channel.pipeline.syncOperations.addHandler(connection)
                    self.take(connection, channel, for: exchange)
                } catch {
                    self.end(exchange, .notBegun(error))
                }
            }
    }

    private func take(
        _ connection: PooledConnection,
        _ channel: any Channel,
        for exchange: Exchange
    ) {
        guard channel.isActive, !isShutDown else {
            channel.close(promise: nil)
            end(exchange, .notBegun(isShutDown ? HTTPFault.shutDown : HTTPFault.closed))
            return
        }
        open[ObjectIdentifier(connection)] = connection
        connection.prepare()
        // One that was given up leaves its connection to others.
        if exchanges[exchange.order.id] == nil {
            keep(connection)
        } else {
            connection.begin(exchange)
        }
    }

    /// Ends a request that nobody waits for any more.
    func giveUp(_ id: UInt64, _ fault: HTTPFault) {
        guard let exchange = exchanges[id] else { return }
        if let connection = exchange.connection {
            connection.close(fault)
        } else {
            end(exchange, .notBegun(fault))
        }
    }

    func end(_ exchange: Exchange, _ ending: Post.Ending) {
        guard exchanges.removeValue(forKey: exchange.order.id) != nil else { return }
        exchange.alarm?.cancel()
        exchange.order.promise.succeed(ending)
    }

    /// Keeps a connection that nothing uses.
    func keep(_ connection: PooledConnection) {
        connection.limitIdleness()
        idle[connection.server, default: []].append(connection)
    }

    /// Forgets a connection that is closed or being closed: nothing can use it any more.
    func drop(_ connection: PooledConnection) {
        idle[connection.server]?.removeAll { $0 === connection }
        if idle[connection.server]?.isEmpty == true { idle[connection.server] = nil }
    }

    func closed(_ connection: PooledConnection) {
        drop(connection)
        open[ObjectIdentifier(connection)] = nil
    }

    func shutDown() -> EventLoopFuture<Void> {
        isShutDown = true
        let connections = Array(open.values)
        let ends = connections.compactMap(\.end)
        for connection in connections { connection.close(nil) }
        return EventLoopFuture.andAllComplete(ends, on: loop)
    }

    /// A request and what is awaited of it.
    final class Exchange {
        let order: Order
        var alarm: Scheduled<Void>?
        /// Where it began to go out.
        var connection: PooledConnection?

        init(_ order: Order) {
            self.order = order
        }
    }
}
