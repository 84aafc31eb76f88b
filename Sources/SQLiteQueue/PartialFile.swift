import Glibc

/// A file that gets its final name only when it is complete.
///
/// Its lock keeps two processes from writing the same copy. A killed process leaves the file, and
/// the next copy of that name reuses it, so such files don't pile up.
final class PartialFile {
    let path: String
    /// Open as long as the value lives: closing any descriptor of a file drops SQLite's locks on
    /// it.
    private let descriptor: CInt

    init(of name: String) throws(CopyError) {
        path = name + ".partial"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .refused(path: path, detail: Self.reason) }
        do throws(CopyError) {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isAtItsPlace else {
                throw .inProgress(path: path)
            }
            try makePrivate()
        } catch {
            close(descriptor)
            throw error
        }
        for suffix in Self.companions { unsafe unlink(path + suffix) }
    }

    deinit {
        // Unlocks even if a child process forked just now still has the descriptor open.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static let companions = ["-journal", "-wal", "-shm"]

    /// Whether the path still leads to the locked file.
    private var isAtItsPlace: Bool {
        FileSystem.identity(of: path) == FileSystem.identity(of: descriptor)
    }

    /// Empties the file and makes it private; another user's, who could read it, is refused.
    private func makePrivate() throws(CopyError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            throw .refused(path: path, detail: "it is another user's")
        }
        guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
            throw .refused(path: path, detail: Self.reason)
        }
    }

    func sync() throws {
        guard fsync(descriptor) == 0 else { throw SystemError(description: Self.reason) }
    }

    /// Renames the file durably to a name that is free.
    func rename(to name: String) throws {
        // Another process can still create that name meanwhile; another copy can't, by the lock.
        guard !FileSystem.isTaken(name) else { throw CopyError.exists(path: name) }
        guard unsafe Glibc.rename(path, name) == 0 else {
            throw CopyError.refused(path: name, detail: Self.reason)
        }
        let folder = unsafe open(FileSystem.folder(of: name), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw SystemError(description: Self.reason) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SystemError(description: Self.reason) }
    }

    func remove() {
        for suffix in [""] + Self.companions { unsafe unlink(path + suffix) }
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }

    /// An error of the system, in its words.
    private struct SystemError: Error, CustomStringConvertible {
        let description: String
    }
}
