package import Platform
import SystemPackage

/// The source of a list's bytes: a file that can be read again, or a stream that can't.
package struct FileSource: Sendable {
    /// `-` is standard input.
    let path: String
    /// The first bytes; those of a stream have been read from it.
    let head: [UInt8]
    /// The file's identity when it was first opened.
    let identity: Identity
    /// The open stream; nil for a file, which is opened for each reading.
    let stream: FileDescriptor?

    /// Tells whether a file was changed or replaced.
    struct Identity: Sendable, Hashable {
        let device: DeviceID
        let inode: Inode
        let size: Int
        let modified: Duration

        init(_ status: Stat) {
            device = status.deviceID
            inode = status.inode
            size = Int(status.size)
            modified = status.modified
        }
    }

    /// Enough bytes to recognise the content, also if they must be inflated.
    private static let headSize = 64 * 1_024

    package init(_ path: String) throws(SmallFile.Fault) {
        let name = path == "-" ? "standard input" : path
        self = try SmallFile.named(name) { try FileSource(path: path, name: name) }
    }

    private init(path: String, name: String) throws {
        let isGiven = path == "-"
        let file = isGiven ? .standardInput : try Self.open(path)
        self.path = path
        var isKept = false
        defer { if !isKept, !isGiven { file.closeQuietly() } }
        let status = try file.stat()
        guard status.type != .directory else {
            throw SmallFile.Fault(path: name, reason: "it is a folder")
        }
        identity = Identity(status)
        head = try Self.head(of: file)
        // Redirected standard input may start in the middle of a file, so it isn't read again.
        isKept = isGiven || status.type != .regular
        stream = isKept ? file : nil
    }

    var isRepeatable: Bool { stream == nil }

    /// In bytes; nil for a stream, and for files that the kernel generates.
    var size: Int? {
        guard isRepeatable, identity.size > 0 || head.isEmpty else { return nil }
        return identity.size
    }

    static func open(_ path: String) throws -> FileDescriptor {
        try .open(FilePath(path), .readOnly, options: .closeOnExec)
    }

    /// Reads once at least, then until the end of the list or the size of the head.
    private static func head(of file: FileDescriptor) throws -> [UInt8] {
        var head: [UInt8] = []
        repeat {
            let piece = try file.read(upTo: headSize - head.count)
            if piece.isEmpty { break }
            head += piece
        } while head.count < ForeignContent.headSize
        return head
    }
}
