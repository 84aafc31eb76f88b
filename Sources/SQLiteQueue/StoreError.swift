import CSQLite

/// Why a store can't be opened; the file was left as it was.
package enum StoreError: Error, Sendable, Hashable {
    /// Another process has it open.
    case locked(path: String, processID: Int?)
    case lockFailed(path: String, detail: String)
    /// There is none.
    case missing(path: String)
    /// It is read as it is, and was written by an earlier version of the program.
    case olderVersion(path: String, found: Int, known: Int)
    /// It was written by a later version of the program.
    case newerVersion(path: String, found: Int, known: Int)
    /// It is an SQLite database, but not one of this program.
    case foreign(path: String)
    /// It is a folder.
    case folder(path: String)
    /// The file has further names (hard links).
    case linked(path: String, names: Int)
    /// It is a copy, and the log of another store lies beside it.
    case foreignLog(path: String)
    /// The file can't be opened, or isn't a database.
    case damaged(path: String, detail: String)
    /// The file can't be read or written for now: the disk is full or failing, or permission is
    /// missing.
    case diskFailed(path: String, detail: String)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .locked(let path, let processID):
            """
            the store is in use by another fanoutd\(processID.map { " (pid \($0))" } ?? "") that \
            holds \(path): stop it first, or give this one a store.path of its own
            """
        case .lockFailed(let path, let detail):
            "\(path) can't be locked (\(detail)): its directory must exist and be writable"
        case .missing(let path):
            "there is no store at \(path): see to store.path"
        case .olderVersion(let path, let found, let known):
            """
            \(path) has version \(found), this program's stores have \(known): start its daemon once \
            with this program, which brings it up to date
            """
        case .newerVersion(let path, let found, let known):
            """
            \(path) has version \(found), this program knows up to \(known): run the fanoutd that \
            wrote it, or a newer one
            """
        case .foreign(let path):
            "\(path) is a database, but not of fanoutd: give another store.path"
        case .folder(let path):
            "\(path) is a folder: give the path of a file, such as \(path)/fanoutd.sqlite"
        case .linked(let path, let names):
            """
            \(path) is one of \(names) names of its file (hard links), and SQLite would keep a log \
            for each: remove the others, or put a copy in its place
            """
        case .foreignLog(let path):
            """
            \(path) is a copy, and \(path)-wal belongs to the store that was there before: move \
            \(path)-wal and \(path)-shm away
            """
        case .damaged(let path, let detail):
            "\(path) can't be opened as a store (\(detail)): restore a backup, or move it away"
        case .diskFailed(let path, let detail):
            """
            \(path) can't be read or written (\(detail)): free some room on its disk, or see to the \
            disk and to who may write there
            """
        }
    }
}

extension StoreError {
    /// The error of a store that couldn't be opened; a fault of the disk isn't the file's.
    init(_ error: any Error, path: String) {
        switch (error as? SQLiteError)?.code {
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            self = .diskFailed(path: path, detail: "\(error)")
        default:
            self = error as? StoreError ?? .damaged(path: path, detail: "\(error)")
        }
    }
}
