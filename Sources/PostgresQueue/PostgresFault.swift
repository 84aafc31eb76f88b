import DeliveryEngine
import QueueTables

/// What went wrong with a statement, or with the connection to its server.
struct PostgresFault: EngineError, Hashable {
    let kind: Kind
    /// The server's words, or libpq's; no values of rows, and no password.
    let detail: String

    enum Kind: Sendable, Hashable {
        /// The server refused a statement with this code (SQLSTATE); the connection goes on.
        case server(code: String)
        /// The connection is gone, or none could be made.
        case connection
        /// The server didn't answer in time; the connection was closed.
        case deadline
        /// The server answered what no server does.
        case protocolBroken
    }

    /// Constraints, values of another type or size, and statements that the tables don't fit.
    ///
    /// 42501, a right that is missing, concerns all writes.
    var isOfOneWrite: Bool {
        guard case .server(let code) = kind, code != "42501" else { return false }
        return ["22", "23", "42", "54", "P0"].contains(code.prefix(2))
    }

    /// Whether a lock couldn't be had in time.
    var isOfLock: Bool { kind == .server(code: "55P03") }

    /// In words for operators.
    func queueError(_ store: String) -> QueueError {
        let text = "\(store): \(detail)"
        switch kind {
        case .server("53100"):
            return .full("\(text): free some room on the disk of the database's server")
        case .server("42501"):
            return .failed("\(text): give this role its rights on the schema back")
        case .server(let code) where code.hasPrefix("XX"):
            return .failed("\(text): see to the database's disk, or restore a backup")
        case .server(let code):
            return .failed("\(text) (\(code))")
        case .connection, .deadline, .protocolBroken:
            return .failed("\(text): see to the database and the network to it")
        }
    }
}
