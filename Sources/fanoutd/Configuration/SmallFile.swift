import Glibc

/// Files that are read or made as a whole: configuration, keys, tokens, messages.
package enum SmallFile {
    /// Why a file can't be read or made, in the system's words.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let path: String
        package let reason: String
        /// The system's number of it; nil where the reason isn't the system's.
        package private(set) var code: Int32?

        package init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }

        package init(path: String, errno code: Int32) {
            self.init(path: path, reason: unsafe String(cString: strerror(code)))
            self.code = code
        }

        package var description: String { "\(path): \(reason)" }

        /// Whether whoever read what is written has gone.
        package var isBrokenPipe: Bool { code == EPIPE }

        /// Whether it may pass without a change of the configuration: a disk that is full or fails,
        /// too many open files.
        package var mayPass: Bool {
            code.map { [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM].contains($0) } ?? false
        }
    }

    /// The bytes of a file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Fault(path: path, errno: errno) }
        defer { close(file) }
        return try read(from: file, path: path, limit: limit)
    }

    /// The bytes of a regular file of at most `limit` bytes, for files that are read again later.
    ///
    /// A pipe, a device or a folder is refused without waiting for anything: a pipe without a writer
    /// would keep a reload, and all that wait for it, for ever.
    package static func readRegular(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { throw Fault(path: path, errno: errno) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw Fault(path: path, errno: errno) }
        guard let kind = kindName(of: status.st_mode) else {
            return try read(from: file, path: path, limit: limit)
        }
        throw Fault(path: path, reason: "it is \(kind), no file")
    }

    /// What something other than a regular file is.
    private static func kindName(of mode: mode_t) -> String? {
        switch mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFCHR, S_IFBLK: "a device"
        case S_IFSOCK: "a socket"
        default: "something else"
        }
    }

    /// The bytes that an open file has left, which must be at most `limit`.
    package static func read(
        from file: CInt,
        path: String,
        limit: Int
    ) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Fault(path: path, errno: errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw Fault(path: path, reason: "it has more than \(limit) bytes")
            }
        }
    }

    /// Makes a file that only its owner can read; false, and nothing done, if there is one.
    package static func createPrivateUnlessThere(
        _ path: String,
        holding bytes: [UInt8]
    ) throws(Fault) -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file < 0, errno == EEXIST { return false }
        guard file >= 0 else { throw Fault(path: path, errno: errno) }
        defer { close(file) }
        // The mode of `open` is cut by the umask; a strict one must not make it unreadable.
        guard fchmod(file, 0o600) == 0 else { throw Fault(path: path, errno: errno) }
        do throws(Fault) {
            try write(bytes, to: file, path: path)
            guard fsync(file) == 0 else { throw Fault(path: path, errno: errno) }
        } catch {
            // A part of what it should hold would be taken for all of it by the next start.
            _ = unsafe unlink(path)
            throw error
        }
        return true
    }

    /// Writes all the bytes to an open file.
    package static func write(
        _ bytes: [UInt8],
        to file: CInt,
        path: String
    ) throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Fault(path: path, errno: errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether anyone but the owner may read or write a file.
    package static func isOpenToOthers(_ path: String) throws(Fault) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw Fault(path: path, errno: errno) }
        return status.st_mode & 0o077 != 0
    }

    /// Whether users outside its owner and group may read or write a file; false if there is none.
    package static func isOpenToEveryone(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & 0o007 != 0
    }
}
