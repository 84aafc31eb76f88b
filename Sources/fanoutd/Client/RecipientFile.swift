import Glibc
package import NIOCore
import NIOPosix
import Synchronization

/// Recipients as a user has them: a file of lines, NDJSON or CSV, perhaps gzipped, or standard input.
package struct RecipientFile: Sendable, Hashable {
    /// `-` is standard input.
    package let path: String
    package let format: Format
    /// Whether the bytes are gzipped; they are sent as they are, and inflated by the daemon.
    package let isCompressed: Bool
    /// In bytes; nil where it can't be known.
    package let size: Int?

    package enum Format: String, Sendable, Hashable, CaseIterable {
        case text
        case ndjson
        case csv

        package var contentType: String {
            switch self {
            case .text: "text/plain"
            case .ndjson: "application/x-ndjson"
            case .csv: "text/csv"
            }
        }
    }

    package init(path: String, format: Format, isCompressed: Bool, size: Int?) {
        self.path = path
        self.format = format
        self.isCompressed = isCompressed
        self.size = size
    }

    /// Takes a path of the command line; the format goes by the name's ending unless it is given.
    package init(path: String, format: Format?) throws(CommandFailure) {
        self.path = path
        var name = path[...]
        isCompressed = path != "-" && name.hasSuffix(".gz")
        if isCompressed { name = name.dropLast(".gz".count) }
        self.format = format ?? Self.format(ofName: name)
        size = path == "-" ? nil : try Self.size(of: path)
    }

    private static func format(ofName name: Substring) -> Format {
        if name.hasSuffix(".csv") { return .csv }
        return name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") ? .ndjson : .text
    }

    /// The size of a plain file, nil for a pipe.
    private static func size(of path: String) throws(CommandFailure) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, unsafe access(path, R_OK) == 0 else {
            let fault = SmallFile.Fault(path: path, errno: errno)
            throw CommandFailure(.badData, "the recipients can't be read: \(fault)")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandFailure(.badData, "the recipients can't be read: \(path) is a folder")
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Whether it can be read again from its start, as a pipe can't.
    package var isRepeatable: Bool { size != nil }

    /// The headers that tell the daemon what comes.
    package var headers: [(String, String)] {
        [("Content-Type", format.contentType)]
            + (isCompressed ? [("Content-Encoding", "gzip")] : [])
    }

    /// The bytes in pieces, each read when it is asked for.
    package func chunks(counting counter: ByteCounter) -> FileChunks {
        FileChunks(path: path, counter: counter)
    }
}

extension RecipientFile: CustomStringConvertible {
    package var description: String { path == "-" ? "standard input" : path }
}

/// Counts bytes on their way out, for whoever shows progress.
package final class ByteCounter: Sendable {
    private let bytes = Atomic(0)

    package init() {}

    package var count: Int { bytes.load(ordering: .relaxed) }

    package func add(_ count: Int) {
        bytes.wrappingAdd(count, ordering: .relaxed)
    }
}

/// A file as a sequence of pieces; reading waits on a thread of its own, not on a task's.
package struct FileChunks: AsyncSequence, Sendable {
    package let path: String
    package let counter: ByteCounter

    package func makeAsyncIterator() -> Iterator {
        Iterator(path: path, counter: counter)
    }

    /// Opens the file at the first piece and closes it when it is done with.
    package final class Iterator: AsyncIteratorProtocol {
        private let path: String
        private let counter: ByteCounter
        private var descriptor: CInt?

        /// Large enough that calls don't count, small enough to be nothing in memory.
        private static let pieceSize = 128 * 1_024

        init(path: String, counter: ByteCounter) {
            self.path = path
            self.counter = counter
        }

        deinit {
            if let descriptor, descriptor > 0 { close(descriptor) }
        }

        package func next() async throws -> ByteBuffer? {
            let descriptor = try self.descriptor ?? openFile()
            self.descriptor = descriptor
            let path = path
            let piece = try await NIOThreadPool.singleton.runIfActive {
                try Self.read(descriptor, path: path)
            }
            counter.add(piece.readableBytes)
            return piece.readableBytes == 0 ? nil : piece
        }

        private func openFile() throws(SmallFile.Fault) -> CInt {
            if path == "-" { return 0 }
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SmallFile.Fault(path: path, errno: errno) }
            return descriptor
        }

        private static func read(
            _ descriptor: CInt,
            path: String
        ) throws(SmallFile.Fault) -> ByteBuffer {
            var piece = ByteBuffer()
            while true {
                var count = 0
                unsafe piece.writeWithUnsafeMutableBytes(minimumWritableBytes: pieceSize) {
                    count = unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
                    return Swift.max(0, count)
                }
                if count >= 0 { return piece }
                if errno != EINTR { throw SmallFile.Fault(path: path, errno: errno) }
            }
        }
    }
}
