import Glibc

/// Where the bytes of a list come from: a file that can be read again, or a stream that comes once.
package struct FileSource: Sendable {
    /// `-` is standard input.
    let path: String
    /// The first bytes; of a stream they are read already.
    let head: [UInt8]
    /// What the file was when it was first opened.
    let identity: Identity
    /// The open stream; nil for a file, which is opened whenever it is read.
    let stream: CInt?

    /// Tells whether a file is still what it was.
    package struct Identity: Sendable, Hashable {
        let device: UInt
        let inode: UInt
        let size: Int
        let changedSeconds: Int
        let changedNanoseconds: Int

        init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
            changedSeconds = status.st_mtim.tv_sec
            changedNanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// As many bytes as tell what it holds, also where they have to be inflated.
    private static let headSize = 64 * 1_024

    package init(_ path: String) throws(SmallFile.Fault) {
        let name = path == "-" ? "standard input" : path
        let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SmallFile.Fault(path: name, errno: errno) }
        self.path = path
        var isKept = false
        defer { if !isKept, path != "-" { close(descriptor) } }
        let status = try Self.status(of: descriptor, name: name)
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw SmallFile.Fault(path: name, reason: "it is a folder")
        }
        identity = Identity(status)
        head = try Self.head(of: descriptor, name: name)
        // What is redirected may be read from its middle, so standard input is no file.
        isKept = path == "-" || status.st_mode & S_IFMT != S_IFREG
        stream = isKept ? descriptor : nil
    }

    var isRepeatable: Bool { stream == nil }

    /// In bytes; nil for a stream, and for files that the kernel makes up while they are read.
    var size: Int? {
        guard isRepeatable, identity.size > 0 || head.isEmpty else { return nil }
        return identity.size
    }

    static func status(of descriptor: CInt, name: String) throws(SmallFile.Fault) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw SmallFile.Fault(path: name, errno: errno)
        }
        return status
    }

    /// Reads once at least, and on until a short list's end or as much as tells what it is.
    private static func head(
        of descriptor: CInt,
        name: String
    ) throws(SmallFile.Fault) -> [UInt8] {
        var head: [UInt8] = []
        repeat {
            let piece = try read(descriptor, name: name, limit: headSize - head.count)
            if piece.isEmpty { break }
            head += piece
        } while head.count < ForeignContent.headSize
        return head
    }

    /// The next bytes, as many as there are up to a limit; none at the end.
    static func read(
        _ descriptor: CInt,
        name: String,
        limit: Int
    ) throws(SmallFile.Fault) -> [UInt8] {
        while true {
            var code: Int32 = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let result = unsafe Glibc.read(descriptor, buffer.baseAddress, limit)
                code = result < 0 ? errno : 0
                count = max(0, result)
            }
            if code == 0 { return piece }
            if code != EINTR { throw SmallFile.Fault(path: name, errno: code) }
        }
    }
}
