package import HTTPAPI
package import HTTPTypes
import HummingbirdCore
package import NIOCore
import NIOEmbedded
import Synchronization

/// What an endpoint answers to one request, without a socket.
package struct WholeAnswer: Sendable {
    package let status: Int
    package let headers: HTTPFields
    package let body: [UInt8]

    /// Asks; a body that waits where nobody may ends there.
    package init(
        of endpoint: Endpoint,
        _ method: HTTPRequest.Method,
        _ path: String,
        host: String? = "localhost",
        headers: HTTPFields = [:],
        body pieces: [ByteBuffer] = []
    ) async throws {
        let head = HTTPRequest(
            method: method,
            scheme: "http",
            authority: host,
            path: path,
            headerFields: headers
        )
        let stream = AsyncStream<ByteBuffer> { continuation in
            for piece in pieces { continuation.yield(piece) }
            continuation.finish()
        }
        let response = await endpoint.respond(
            to: Request(head: head, body: RequestBody(asyncSequence: stream)),
            on: NIOAsyncTestingChannel()
        )
        let written = Written()
        do {
            try await response.body.write(Writer(written: written))
        } catch is CancellationError {
            // Events without end: what comes first is enough.
        }
        status = response.status.code
        self.headers = response.headers
        body = written.bytes.withLock { $0 }
    }

    private final class Written: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    private struct Writer: ResponseBodyWriter {
        let written: Written

        func write(_ buffer: ByteBuffer) async throws {
            written.bytes.withLock { $0 += Array(buffer.readableBytesView) }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
