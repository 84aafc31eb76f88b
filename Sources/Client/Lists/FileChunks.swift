package import NIOCore
import NIOPosix
package import Platform
import Synchronization
import SystemPackage

/// Counts the bytes sent, for a progress display, and keeps the list's fault.
package final class ByteCounter: Sendable {
    private let bytes = Atomic(0)
    private let ending = Mutex<CommandFailure?>(nil)

    package init() {}

    package var count: Int { bytes.load(ordering: .relaxed) }

    package func add(_ count: Int) {
        bytes.wrappingAdd(count, ordering: .relaxed)
    }

    /// The fault of the list itself; nil while there is none.
    ///
    /// The request may fail first with a broken connection, which is only its consequence.
    package var failure: CommandFailure? {
        get { ending.withLock { $0 } }
        set { ending.withLock { $0 = newValue } }
    }
}

/// A list as a sequence of chunks, read on a thread of its own and not on a task's.
package struct FileChunks: AsyncSequence, Sendable {
    let source: FileSource
    let name: String
    let isCompressed: Bool
    let counter: ByteCounter

    package func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Opens the file at the first chunk and closes it at the end.
    package final class Iterator: AsyncIteratorProtocol {
        private let chunks: FileChunks
        private var state = State.new
        private var text: ListText
        private var count = 0

        private enum State {
            case new
            case open(SystemPackage.FileDescriptor)
            case ended
        }

        /// Large enough that calls cost nothing, small enough to cost no memory.
        private static let pieceSize = 128 * 1_024

        init(_ chunks: FileChunks) {
            self.chunks = chunks
            text = ListText(name: chunks.name, isCompressed: chunks.isCompressed)
        }

        deinit { close() }

        package func next() async throws -> ByteBuffer? {
            do {
                let piece = try await nextPiece()
                count += piece.count
                try text.take(piece)
                try checkIdentity(isAtEnd: piece.isEmpty)
                if piece.isEmpty {
                    try text.finish()
                    close()
                    return nil
                }
                chunks.counter.add(piece.count)
                return ByteBuffer(bytes: piece)
            } catch let fault as SmallFile.Fault {
                throw ended(.init(.badData, "the list can't be read: \(fault)"))
            } catch let failure as CommandFailure {
                throw ended(failure)
            }
        }

        private func ended(_ failure: CommandFailure) -> CommandFailure {
            close()
            chunks.counter.failure = failure
            return failure
        }

        private func nextPiece() async throws -> [UInt8] {
            let (source, name) = (chunks.source, chunks.name)
            let file: SystemPackage.FileDescriptor
            switch state {
            case .ended: return []
            case .open(let opened): file = opened
            case .new:
                file =
                    try source.stream ?? SmallFile.named(name) { try FileSource.open(source.path) }
                state = .open(file)
                if source.stream != nil, !source.head.isEmpty { return source.head }
            }
            return try await Self.unlessCanceled {
                try SmallFile.named(name) { try file.read(upTo: Self.pieceSize) }
            }
        }

        /// Runs what may block on a thread of its own, and leaves it there when the task is canceled:
        /// a pipe may never give another byte.
        private static func unlessCanceled<Value: Sendable>(
            _ read: @escaping @Sendable () throws -> Value
        ) async throws -> Value {
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            let promise = loop.makePromise(of: Value.self)
            return try await withTaskCancellationHandler {
                NIOThreadPool.singleton.runIfActive(eventLoop: loop, read).cascade(to: promise)
                return try await promise.futureResult.get()
            } onCancel: {
                promise.fail(CancellationError())
            }
        }

        /// A list that is written while it is read would be half of each version.
        private func checkIdentity(isAtEnd: Bool) throws {
            guard let size = chunks.source.size, case .open(let file) = state else { return }
            let status = try SmallFile.named(chunks.name) { try file.stat() }
            let isSame = FileSource.Identity(status) == chunks.source.identity
            guard isSame, count <= size, !isAtEnd || count == size else {
                throw CommandFailure(
                    .badData,
                    "\(chunks.name) changed while it was read; send it again when it is whole"
                )
            }
        }

        private func close() {
            if case .open(let file) = state, file != .standardInput { file.closeQuietly() }
            state = .ended
        }
    }
}
