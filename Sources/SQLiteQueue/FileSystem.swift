import Platform
import SystemPackage

/// The file system's facts about a store's files.
enum FileSystem {
    /// A file's identity, which renames keep and no other file has at the same time.
    struct Identity: Sendable, Equatable {
        private let device: DeviceID
        private let inode: Inode

        init(_ status: Stat) {
            device = status.deviceID
            inode = status.inode
        }
    }

    /// Nil if there is no such file.
    static func identity(of path: String) -> Identity? {
        FilePath(path).status.map(Identity.init)
    }

    /// The bytes of a file; nil if there is none.
    static func size(of path: String) -> Int? {
        FilePath(path).status.map { Int($0.size) }
    }

    /// Whether any file has this name, a dangling symbolic link included.
    static func isTaken(_ path: String) -> Bool {
        do {
            _ = try Stat(FilePath(path), followTargetSymlink: false)
            return true
        } catch {
            return false
        }
    }

    /// The path that symbolic links at a path lead to, whether or not a file is there.
    ///
    /// SQLite follows links too, and keeps its log beside their target.
    static func target(of path: String) -> String {
        var path = path
        for _ in 0..<linkLimit {
            guard let target = FilePath(path).linkTarget?.string else { break }
            path = target.hasPrefix("/") ? target : folder(of: path) + "/" + target
        }
        return path
    }

    /// The kernel's own limit.
    private static let linkLimit = 40

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
