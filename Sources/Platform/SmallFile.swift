import Glibc
package import SystemPackage

/// Files read or written as a whole: configuration, keys, tokens, messages.
package enum SmallFile {
    /// Why a file can't be read or made, in the system's words.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let path: String
        package let reason: String
        /// The system's errno; nil if the fault isn't the system's.
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

        /// Whether the reader of a pipe has closed it.
        package var isBrokenPipe: Bool { code == .brokenPipe }

        /// Whether it may pass without a change of the configuration: a full or failing disk, too
        /// many open files.
        package var mayPass: Bool {
            let passing: [Errno] = [
                .noSpace, .diskQuotaExceeded, .ioError, .tooManyOpenFiles,
                .tooManyOpenFilesInSystem, .noMemory,
            ]
            return code.map(passing.contains) ?? false
        }
    }

    /// Does some work with a file; faults are thrown with its name.
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
    /// A pipe, a device or a folder is refused at once: a pipe without a writer would block a
    /// reload, and everything that waits for it, for ever.
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

    /// The kind of a file that isn't regular.
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

    /// The rest of an open file's bytes, at most `limit`.
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

    /// Creates a file that only its owner can read; false if there is one already.
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
                // The umask restricts the mode of `open`; a strict one must not make the file
                // unreadable.
                try file.setPermissions(.ownerReadWrite)
                do {
                    try file.writeAll(bytes)
                    try file.sync()
                } catch {
                    // The next start would take a partial file for a complete one.
                    FilePath(path).remove()
                    throw error
                }
                return true
            }
        }
    }

    /// Whether users other than the owner may read or write a file.
    package static func isOpenToOthers(_ path: String) throws(Fault) -> Bool {
        try named(path) { try Stat(FilePath(path)).permissions.rawValue & 0o077 != 0 }
    }

    /// Whether users outside its owner and group may read or write a file; false if there is none.
    package static func isOpenToEveryone(_ path: String) -> Bool {
        FilePath(path).status.map { $0.permissions.rawValue & 0o007 != 0 } ?? false
    }
}
