import Glibc
import Platform
import QueueTables
import SystemPackage

/// An exclusive lock on a file beside the store, held as long as the value lives.
///
/// SQLite lets several processes write by turns; two daemons would then each spend a whole quota.
/// The lock is the kernel's, so a killed process never leaves one behind.
final class StoreLock: Sendable {
    private let file: FileDescriptor
    /// The fencing tokens of the store last locked here: none if there was no store, two if the
    /// process ended while the store's token was renewed.
    let lastTokens: [String]

    init(at path: String) throws(StoreError) {
        do {
            file = try .open(
                FilePath(path),
                .readWrite,
                options: [.create, .closeOnExec],
                permissions: .ownerReadWrite
            )
        } catch {
            throw .lockFailed(path: path, detail: "\(error)")
        }
        let isLocked = file.tryLock()
        let lines = Self.lines(in: file)
        guard isLocked else {
            file.closeQuietly()
            throw .locked(path: path, processID: lines.first.flatMap { Int($0) })
        }
        lastTokens = Array(lines.dropFirst())
        write(tokens: lastTokens)
    }

    deinit {
        file.unlock()
        file.closeQuietly()
    }

    /// Gives the store a new fencing token, and the lock file the same.
    ///
    /// Each opening and closing renews it, so a file restored from a backup is recognised by an old
    /// token: its ledger lacks the calls made since. The lock file lists both tokens while the
    /// store may have either, so a crash doesn't make the store look replaced.
    func renewToken(_ connection: any Connection) {
        do {
            let next =
                try connection.first("SELECT \(Dialect.sqlite.randomDigits)") { $0.text(0) } ?? ""
            write(tokens: [try connection.fencingToken(), next])
            try connection.run("UPDATE service SET mark = ?", .text(next))
            write(tokens: [next])
        } catch {
            // On a full disk the store keeps its token; the daemon must start all the same.
        }
    }

    /// Writes the holder's process id and the tokens that its store may have.
    ///
    /// The lock needs neither: the process id is for a second daemon's message, and a missing token
    /// makes the next start hold a full window, which is safe.
    private func write(tokens: [String]) {
        let lines = ["\(getpid())"] + tokens.filter { !$0.isEmpty }
        let text = Array(lines.map { "\($0)\n" }.joined().utf8)
        do {
            try file.writeAll(toAbsoluteOffset: 0, text)
            try file.resize(to: Int64(text.count))
        } catch {
            // A full disk, most likely: what is missing then is said above.
        }
    }

    /// The process that a lock's file names: its holder, or the last one.
    static func notedHolder(in path: String) -> Int? {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter { lines(in: file).first.flatMap { Int($0) } }
        } catch {
            // Not there, or another user's.
            return nil
        }
    }

    private static func lines(in file: FileDescriptor) -> [String] {
        do {
            return try file.read(upTo: 128).split(separator: 0x0A).map {
                String(decoding: $0, as: UTF8.self)
            }
        } catch {
            return []
        }
    }
}
