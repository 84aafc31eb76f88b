import DeliveryEngine
import QueueTables

/// Checks that this process still owns its store.
///
/// The lock keeps a second process out. Should its file be deleted, or the file system not support
/// it, the process that opens the store last owns it: each opening writes a new fencing token, and
/// the earlier owner finds another token in the transaction of its next write, and writes nothing
/// more. The same goes for a store whose file was moved, deleted or replaced: acknowledged writes
/// would be lost with the process.
struct Fence: Sendable {
    let path: String
    /// The file that was opened.
    private let file: FileSystem.Identity?
    /// The token written when the store was opened, or renewed since.
    var token: String

    init(path: String, token: String) {
        self.path = path
        self.token = token
        file = FileSystem.identity(of: path)
    }

    /// Refuses a store that another process has taken over, or whose file is gone.
    func check(_ connection: any Connection) throws {
        guard file == FileSystem.identity(of: path) else {
            throw QueueError.failed(
                """
                \(path): the file was moved, deleted or replaced while it was in use: put it back, \
                or restart fanoutd to go on with what is there now
                """
            )
        }
        guard try owns(connection) else {
            throw QueueError.failed(
                """
                \(path): another fanoutd has taken the store over, though this one still runs: stop \
                one of the two, and leave \(path).lock where it is
                """
            )
        }
    }

    func owns(_ connection: any Connection) throws -> Bool {
        try connection.fencingToken() == token
    }
}

extension Connection {
    /// The store's fencing token; empty before the first.
    func fencingToken() throws -> String {
        try first("SELECT mark FROM service") { $0.text(0) } ?? ""
    }
}
