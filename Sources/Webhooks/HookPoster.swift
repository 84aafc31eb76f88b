import AsyncHTTPClient
import DeliveryCore
import DeliveryEngine
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Makes one try: sends a signed event and reads how the answer begins.
package protocol HookPoster: Sendable {
    /// Returns at the latest soon after its task is canceled.
    func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        to address: HookAddress
    ) async -> HookAnswer
}

/// Sends by HTTP, over connections that nothing else uses.
package struct HTTPHookPoster: HookPoster {
    private let client: HTTPClient

    /// Of an answer's body so much is read, for the connection's sake; it says nothing.
    private static let bodyLimit = 16_384

    package init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: nil),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends the connections.
    package func shutdown() async throws { try await client.shutdown() }

    package func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        to address: HookAddress
    ) async -> HookAnswer {
        var request = HTTPClientRequest(url: address.text)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "fanoutd")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            // A backstop; whoever asks gives up before.
            let response = try await client.execute(request, deadline: .now() + .minutes(1))
            await Self.pass(response.body)
            return .status(Int(response.status.code))
        } catch {
            return .failed(Self.words(for: error))
        }
    }

    /// Reads a short body, so that the connection can be used again; a long one ends it.
    private static func pass(_ body: HTTPClientResponse.Body) async {
        var count = 0
        do {
            for try await buffer in body {
                count += buffer.readableBytes
                if count > bodyLimit { return }
            }
        } catch {
            // The status has said it all.
        }
    }

    /// Why there is no answer, in words that can't hold the URL.
    private static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError: error.description
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "no connection: \($0.error)" } ?? "unknown host"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: "TLS fails: \(error)"
        case is HTTPParserError: "the answer is no HTTP"
        case is CancellationError: "no answer in time"
        default: "\(type(of: error))"
        }
    }
}
