import HTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// One request to a daemon and its answer, over a connection of their own.
///
/// Both bodies are streamed. An answer that comes before the request is whole ends the sending of
/// the rest.
struct DaemonExchange: Sendable {
    let address: DaemonAddress
    let head: HTTPRequestHead
    let body: DaemonClient.Request.Body
    /// When the answer must have begun.
    let deadline: NIODeadline

    /// Makes the request and hands over its answer; throws if none comes.
    func run<Value>(_ use: (DaemonAnswer) async -> Value) async throws -> Value {
        let stream = try await open()
        var value: Value?
        do {
            try await stream.executeThenClose { parts, writer in
                async let _: Void = send(writer, stream.channel)
                let answer = try await answer(from: parts, on: stream.channel)
                value = await use(answer)
                // What is left of the request is of no use, and its task ends with this scope.
            }
        } catch {
            // Once there is an answer, a failed close of the connection changes nothing about it.
            if let value { return value }
            throw error
        }
        guard let value else { throw HTTPFault.closed }
        return value
    }

    private func open() async throws -> HTTPStream {
        let connector = Connector()
        // A machine that is off or behind a firewall is told before the time for an answer is over.
        let limit = max(.milliseconds(1), min(.seconds(10), deadline - .now()))
        return switch address {
        case .web(let server): try await connector.stream(to: server, within: limit)
        case .unix(let path): try await connector.stream(toSocket: path, within: limit)
        }
    }

    private func send(
        _ writer: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>,
        _ channel: any Channel
    ) async {
        do {
            switch body {
            case .none: try await writer.write(contentsOf: [.head(head), .end(nil)])
            case .json(let bytes):
                let piece = HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
                try await writer.write(contentsOf: [.head(head), piece, .end(nil)])
            case .stream(let file, let counter):
                try await writer.write(.head(head))
                for try await piece in file.chunks(counting: counter) {
                    try await writer.write(.body(.byteBuffer(piece)))
                }
                try await writer.write(.end(nil))
            }
        } catch is CancellationError {
            // The answer is there already.
        } catch {
            // Nobody answers half a request: whoever waits for it hears of the end.
            channel.close(promise: nil)
        }
    }

    private func answer(
        from parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
        on channel: any Channel
    ) async throws -> DaemonAnswer {
        let isLate = Mutex(false)
        let alarm = channel.eventLoop.scheduleTask(deadline: deadline) {
            isLate.withLock { $0 = true }
            channel.close(promise: nil)
        }
        defer { alarm.cancel() }
        var iterator = parts.makeAsyncIterator()
        while let part = try await iterator.next() {
            if case .head(let head) = part { return DaemonAnswer(head: head, parts: iterator) }
        }
        if Task.isCancelled { throw HTTPFault.interrupted }
        throw isLate.withLock { $0 } ? HTTPFault.deadlineExceeded : HTTPFault.closed
    }
}

/// An answer whose body is read as it comes.
final class DaemonAnswer {
    let head: HTTPResponseHead
    private var parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private var isWhole = false

    init(
        head: HTTPResponseHead,
        parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    ) {
        self.head = head
        self.parts = parts
    }

    var status: Int { Int(head.status.code) }

    /// The next piece of the body; nil at its end.
    func next() async throws -> ByteBuffer? {
        while !isWhole, let part = try await parts.next(isolation: #isolation) {
            switch part {
            case .body(let piece): return piece
            case .head: continue
            case .end: isWhole = true
            }
        }
        guard isWhole else { throw HTTPFault.closed }
        return nil
    }
}
