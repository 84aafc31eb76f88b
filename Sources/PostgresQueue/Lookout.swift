import DeliveryCore
import Dispatch
import QueueTables
import Synchronization

/// A standby's connection, on a thread of its own.
final class Lookout: Sendable {
    private let session: Session
    private let queue = DispatchQueue(label: "fanoutd.postgres.lookout", qos: .userInitiated)
    private let server = Mutex<ServerConnection?>(nil)

    init(_ session: Session) { self.session = session }

    /// Reads the row, on a new connection if there is none; a new server is judged by this rule.
    func look(_ rule: PostgresOptions.SynchronousRule?) async throws -> LeaseRow {
        try await onThread {
            try self.server.withLock { server in
                let connection: ServerConnection
                if let known = server, !known.isBroken {
                    connection = known
                } else {
                    connection = try self.session.open(rule).connection
                    server = connection
                }
                do {
                    return try connection.lease()
                } catch {
                    // Another server may lead now, and this one answer for ever.
                    server = nil
                    throw error
                }
            }
        }
    }

    /// Takes the lease over on the server that leads; nil if the row has another mark there.
    func beginTerm(
        at mark: LeaseMark,
        _ beginning: Session.Beginning
    ) async throws -> (engine: PostgresEngine, salt: String)? {
        try await onThread {
            let term = try self.session.beginTerm(at: mark, beginning)
            // The row was read on a server that was cut off, maybe: the next look finds another.
            if term == nil { self.server.withLock { $0 = nil } }
            return term
        }
    }

    private func onThread<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    func close() { queue.async { self.server.withLock { $0 = nil } } }
}
