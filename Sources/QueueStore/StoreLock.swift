import Glibc

/// An exclusive lock on a file beside the store, held as long as the value lives.
///
/// SQLite lets several processes write by turns; two daemons would then each spend a whole quota.
/// The lock is the kernel's, so a killed process never leaves one behind.
final class StoreLock: Sendable {
    private let descriptor: CInt

    init(at path: String) throws(StoreError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .lockFailed(path: path, detail: unsafe String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(in: descriptor)
            close(descriptor)
            throw .locked(path: path, processID: owner)
        }
        write(getpid())
    }

    deinit {
        close(descriptor)
    }

    private func write(_ processID: pid_t) {
        ftruncate(descriptor, 0)
        let line = Array("\(processID)\n".utf8)
        // The pid is for the message of a second daemon only; the lock holds without it.
        _ = unsafe pwrite(descriptor, line, line.count, 0)
    }

    private static func owner(in descriptor: CInt) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = unsafe pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: buffer[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
