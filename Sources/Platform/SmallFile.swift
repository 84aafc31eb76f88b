import Glibc
package import SystemPackage

/// Files that are read or made as a whole: configuration, keys, tokens, messages.
package enum SmallFile {
    /// Why a file can't be read or made, in the system's words.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let path: String
        package let reason: String
        /// The system's number of it; nil where the reason isn't the system's.
        package private(set) var code: Errno?

        package init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }

        package init(path: String, _ code: Errno) {
            self.init(path: path, reason: code.description)
            self.code = code
        }

        package var description: String { "\(path): \(reason)" }

        /// Whether whoever read what is written has gone.
        package var isBrokenPipe: Bool { code == .brokenPipe }

        /// Whether it may pass without a change of the configuration: a disk that is full or fails,
        /// too many open files.
        package var mayPass: Bool {
            let passing: [Errno] = [
                .noSpace, .diskQuotaExceeded, .ioError, .tooManyOpenFiles,
                .tooManyOpenFilesInSystem, .noMemory,
            ]
            return code.map(passing.contains) ?? false
        }
    }

    /// Does something with a file; what goes wrong is told with the name of it.
    package static func named<Value>(
        _ name: String,
        _ body: () throws -> Value
    ) throws(Fault) -> Value {
        do {
            return try body()
        } catch let fault as Fault {
            throw fault
        } catch let code as Errno {
            throw Fault(path: name, code)
        } catch {
            throw Fault(path: name, reason: "\(error)")
        }
    }

    /// The bytes of a file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        try named(path) {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter { try read(from: file, path: path, limit: limit) }
        }
    }

    /// The bytes of a regular file of at most `limit` bytes, for files that are read again later.
    ///
    /// A pipe, a device or a folder is refused without waiting for anything: a pipe without a writer
    /// would keep a reload, and all that wait for it, for ever.
    package static func readRegular(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
        try named(path) {
            let noTerminal = FileDescriptor.OpenOptions(rawValue: O_NOCTTY)
            let file = try FileDescriptor.open(
                FilePath(path),
                .readOnly,
                options: [.closeOnExec, .nonBlocking, noTerminal]
            )
            return try file.closeAfter {
                if let kind = kindName(of: try file.stat().type) {
                    throw Fault(path: path, reason: "it is \(kind), no file")
                }
                return try read(from: file, path: path, limit: limit)
            }
        }
    }

    /// What something other than a regular file is.
    private static func kindName(of type: FileType) -> String? {
        switch type {
        case .regular: nil
        case .directory: "a folder"
        case .fifo: "a pipe"
        case .characterSpecial, .blockSpecial: "a device"
        case .socket: "a socket"
        default: "something else"
        }
    }

    /// The bytes that an open file has left, which must be at most `limit`.
    package static func read(
        from file: FileDescriptor,
        path: String,
        limit: Int
    ) throws(Fault) -> [UInt8] {
        try named(path) {
            var bytes: [UInt8] = []
            while true {
                let piece = try file.read(upTo: 16_384)
                if piece.isEmpty { return bytes }
                bytes += piece
                guard bytes.count <= limit else {
                    throw Fault(path: path, reason: "it has more than \(limit) bytes")
                }
            }
        }
    }

    /// Makes a file that only its owner can read; false, and nothing done, if there is one.
    package static func createPrivateUnlessThere(
        _ path: String,
        holding bytes: [UInt8]
    ) throws(Fault) -> Bool {
        try named(path) {
            let file: FileDescriptor
            do {
                file = try FileDescriptor.open(
                    FilePath(path),
                    .writeOnly,
                    options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: .ownerReadWrite
                )
            } catch Errno.fileExists {
                return false
            }
            return try file.closeAfter {
                // The mode of `open` is cut by the umask; a strict one must not make it unreadable.
                try succeed(fchmod(file.rawValue, 0o600))
                do {
                    try file.writeAll(bytes)
                    try succeed(fsync(file.rawValue))
                } catch {
                    // A part of what it should hold would be taken for all of it by the next start.
                    _ = unsafe unlink(path)
                    throw error
                }
                return true
            }
        }
    }

    private static func succeed(_ result: CInt) throws(Errno) {
        if result != 0 { throw Errno(rawValue: errno) }
    }

    /// Whether anyone but the owner may read or write a file.
    package static func isOpenToOthers(_ path: String) throws(Fault) -> Bool {
        try named(path) { try Stat(FilePath(path)).permissions.rawValue & 0o077 != 0 }
    }

    /// Whether users outside its owner and group may read or write a file; false if there is none.
    package static func isOpenToEveryone(_ path: String) -> Bool {
        do {
            return try Stat(FilePath(path)).permissions.rawValue & 0o007 != 0
        } catch {
            return false
        }
    }
}

extension FileDescriptor {
    /// The next bytes, as many as there are up to a limit; none at the end.
    package func read(upTo limit: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
