import Glibc
package import SystemPackage

/// A file without a name: nobody else can open it, and its room is free again when it is let go,
/// however the process ends.
package final class ScratchFile: Sendable {
    private let file: FileDescriptor

    /// Makes one on a folder's disk; fails where the file system has no such files, or no room.
    package init(in folder: FilePath) throws {
        file = try .open(
            folder,
            .readWrite,
            options: [Self.unnamed, .closeOnExec],
            permissions: .ownerReadWrite
        )
    }

    deinit { file.closeQuietly() }

    /// `O_TMPFILE`, which Swift doesn't see.
    private static let unnamed = FileDescriptor.OpenOptions(rawValue: 0o20_000_000 | O_DIRECTORY)

    package func write(_ bytes: [UInt8], at offset: Int) throws {
        _ = try unsafe bytes.withUnsafeBytes {
            try unsafe file.writeAll(toAbsoluteOffset: Int64(offset), $0)
        }
    }

    /// Reads as many bytes as there are, up to the buffer's size; answers how many.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try unsafe file.read(fromAbsoluteOffset: Int64(offset), into: buffer)
    }

    /// Gives the disk back the room behind so many bytes.
    package func cut(to size: Int) throws { try file.resize(to: Int64(size)) }
}
