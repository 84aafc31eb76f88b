import Glibc
import QueueTables

/// An exclusive lock on a file beside the store, held as long as the value lives.
///
/// SQLite lets several processes write by turns; two daemons would then each spend a whole quota.
/// The lock is the kernel's, so a killed process never leaves one behind.
final class StoreLock: Sendable {
    private let descriptor: CInt
    /// The fencing tokens of the store last locked here: none if there was no store, two if the
    /// process ended while the store's token was renewed.
    let lastTokens: [String]

    init(at path: String) throws(StoreError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .lockFailed(path: path, detail: unsafe String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.lines(in: descriptor).first.flatMap { Int($0) }
            close(descriptor)
            throw .locked(path: path, processID: owner)
        }
        lastTokens = Array(Self.lines(in: descriptor).dropFirst())
        write(tokens: lastTokens)
    }

    deinit {
        // A child process forked just now holds the descriptor, and the lock, until it execs.
        flock(descriptor, LOCK_UN)
        close(descriptor)
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
        if unsafe pwrite(descriptor, text, text.count, 0) == text.count {
            ftruncate(descriptor, text.count)
        }
    }

    private static func lines(in descriptor: CInt) -> [String] {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = unsafe pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return [] }
        return buffer[..<count].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
}
