import DeliveryEngine

/// Tells the owner of a store whether it still is its owner.
///
/// The lock keeps a second process out. Should its file be deleted, or the file system not keep it,
/// whoever opens the store last takes it over, by the mark that each opening gives it: the earlier
/// owner finds another one, within the same transaction as what it would write, and writes nothing
/// more. The same goes for a store whose file has been moved away, deleted or replaced: what would
/// be acknowledged then would be gone with the process.
struct Fence: Sendable {
    let path: String
    /// The file that was opened.
    private let place: Place.Identity?
    /// The mark it got when it was opened, or the latest since.
    var mark: String

    init(path: String, mark: String) {
        self.path = path
        self.mark = mark
        place = Place.identity(of: path)
    }

    /// Refuses to go on with a store that is somebody else's now, or isn't there any more.
    func check(_ connection: Connection) throws {
        guard place == Place.identity(of: path) else {
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

    func owns(_ connection: Connection) throws -> Bool {
        try connection.first("SELECT mark FROM service") { $0.text(0) } == mark
    }
}
