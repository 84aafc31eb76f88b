import Glibc

/// The file system's facts about a store's files.
enum FileSystem {
    /// A file's identity, which renames keep and no other file has at the same time.
    struct Identity: Sendable, Equatable {
        let device: dev_t
        let inode: ino_t
        /// How many names the file has.
        let names: nlink_t
        let isFolder: Bool

        static func == (lhs: Identity, rhs: Identity) -> Bool {
            (lhs.device, lhs.inode) == (rhs.device, rhs.inode)
        }
    }

    /// Nil if there is no such file.
    static func identity(of path: String) -> Identity? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Identity(status) : nil
    }

    static func identity(of descriptor: CInt) -> Identity? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Identity(status) : nil
    }

    /// The bytes of a file; nil if there is none.
    static func size(of path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// The free bytes for this user on a path's file system; nil if that isn't known.
    static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Why this user can't read a file, as `errno`; nil if it is readable.
    static func obstacle(toReading path: String) -> CInt? {
        unsafe access(path, R_OK) == 0 ? nil : errno
    }

    /// Whether any file has this name, a dangling symbolic link included.
    static func isTaken(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// The path that symbolic links at a path lead to, whether or not a file is there.
    ///
    /// SQLite follows links too, and keeps its log beside their target.
    static func target(of path: String) -> String {
        var path = path
        for _ in 0..<linkLimit {
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe text.map { unsafe readlink(path, $0, buffer.count) } ?? -1
            }
            guard count > 0 else { break }
            let target = String(decoding: buffer[..<count], as: UTF8.self)
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

extension FileSystem.Identity {
    fileprivate init(_ status: stat) {
        self.init(
            device: status.st_dev,
            inode: status.st_ino,
            names: status.st_nlink,
            isFolder: status.st_mode & S_IFMT == S_IFDIR
        )
    }
}
