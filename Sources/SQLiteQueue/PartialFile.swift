import Glibc
import Platform
import SystemPackage

/// A file that gets its final name only when it is complete.
///
/// Its lock keeps two processes from writing the same copy. A killed process leaves the file, and
/// the next copy of that name reuses it, so such files don't pile up.
final class PartialFile {
    let path: String
    /// Open as long as the value lives: closing any descriptor of a file drops SQLite's locks on
    /// it.
    private let file: FileDescriptor

    init(of name: String) throws(CopyError) {
        path = name + ".partial"
        file = try Self.refusing(path) { [path] in
            try .open(
                FilePath(path),
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
        }
        do throws(CopyError) {
            guard file.tryLock(), isAtItsPlace else { throw .inProgress(path: path) }
            try Self.refusing(path) { try makePrivate() }
        } catch {
            file.closeQuietly()
            throw error
        }
        for suffix in Self.companions { FilePath(path + suffix).remove() }
    }

    deinit {
        file.unlock()
        file.closeQuietly()
    }

    private static let companions = ["-journal", "-wal", "-shm"]

    /// Whether the path still leads to the locked file.
    private var isAtItsPlace: Bool {
        do {
            return FileSystem.identity(of: path) == FileSystem.Identity(try file.stat())
        } catch {
            return false
        }
    }

    /// Empties the file and makes it private; another user's, who could read it, is refused.
    private func makePrivate() throws {
        guard try file.stat().userID.rawValue == geteuid() else {
            throw CopyError.refused(path: path, detail: "it is another user's")
        }
        try file.setPermissions(.ownerReadWrite)
        try file.resize(to: 0)
    }

    func sync() throws { try file.sync() }

    /// Renames the file durably to a name that is free.
    func rename(to name: String) throws {
        // Another process can still create that name meanwhile; another copy can't, by the lock.
        guard !FileSystem.isTaken(name) else { throw CopyError.exists(path: name) }
        try Self.refusing(name) { try FilePath(path).rename(to: FilePath(name)) }
        let folder = FilePath(FileSystem.folder(of: name))
        let opened = try FileDescriptor.open(
            folder,
            .readOnly,
            options: [.directory, .closeOnExec]
        )
        try opened.closeAfter { try opened.sync() }
    }

    func remove() {
        for suffix in [""] + Self.companions { FilePath(path + suffix).remove() }
    }

    /// Tells what can't be done to a file as the reason why no copy can be made there.
    private static func refusing<Value>(
        _ path: String,
        _ body: () throws -> Value
    ) throws(CopyError) -> Value {
        do {
            return try body()
        } catch {
            throw error as? CopyError ?? .refused(path: path, detail: "\(error)")
        }
    }
}
