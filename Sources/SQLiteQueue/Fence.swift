import DeliveryEngine
import QueueTables

/// Tells the owner of a store whether it still is its owner.
///
/// The lock keeps a second process out. Should its file be deleted, or the file system not keep it,
/// whoever opens the store last takes it over, by the token that each opening gives it: the earlier
/// owner finds another one, within the same transaction as what it would write, and writes nothing
/// more. The same goes for a store whose file has been moved away, deleted or replaced: what would
/// be acknowledged then would be gone with the process.
struct Fence: Sendable {
    let path: String
    /// The file that was opened.
    private let file: FileSystem.Identity?
    /// The token it got when it was opened, or the latest since.
    var token: String

    init(path: String, token: String) {
        self.path = path
        self.token = token
        file = FileSystem.identity(of: path)
    }

    /// Refuses to go on with a store that another process has taken over, or that isn't there.
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
    /// The token that the store bears; empty before the first.
    func fencingToken() throws -> String {
        try first("SELECT mark FROM service") { $0.text(0) } ?? ""
    }
}
