/// Why a store wasn't copied; no file is left under the copy's name.
package enum CopyError: Error, Sendable, Hashable {
    /// There is no file to copy.
    case noStore(path: String)
    /// This user may not read the store.
    case unreadable(path: String)
    /// The store can't be read, or isn't a store.
    case source(StoreError)
    /// A file or folder has the copy's name.
    case exists(path: String)
    /// Another process is making a copy of that name.
    case inProgress(path: String)
    /// The file can't be created there.
    case refused(path: String, detail: String)
    case noRoom(path: String, needed: Int, free: Int)
    /// Reading or writing failed.
    case failed(source: String, path: String, detail: String)
    /// The copy isn't sound, and so neither is the store.
    case damaged(detail: String)
}

extension CopyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noStore(let path):
            "there is no store at \(path): see to store.path, or start fanoutd once"
        case .unreadable(let path):
            "\(path) may not be read by this user: run this as root, or as the service's user"
        case .source(let error):
            error.description
        case .exists(let path):
            "\(path) is there already: move it away, or give another name"
        case .inProgress(let path):
            "another process is writing \(path): wait for it, or give another name"
        case .refused(let path, let detail):
            "\(path) can't be made (\(detail)): give a folder that this user can write to"
        case .noRoom(let path, let needed, let free):
            """
            \(path) needs \(needed) bytes, and \(free) are free on its disk: free some room, or \
            give a place on another disk
            """
        case .failed(let source, let path, let detail):
            """
            \(source) can't be copied to \(path) (\(detail)): free some room on the copy's disk, \
            or see to both disks
            """
        case .damaged(let detail):
            """
            the store is damaged (\(detail)), so no copy was kept: keep the backups there are, and \
            export what can be read
            """
        }
    }
}

extension CopyError {
    init(_ error: any Error, from source: String, to path: String) {
        self =
            error as? CopyError
            ?? .failed(source: source, path: path, detail: "\(error)")
    }
}
