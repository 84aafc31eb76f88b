import Glibc

/// What the file system says about the store's file.
enum FileSize {
    /// The bytes of a file; nil if there is none.
    static func of(_ path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    /// The bytes free, for this user, where a file lies; nil if that can't be said.
    static func free(at path: String) -> Int? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
