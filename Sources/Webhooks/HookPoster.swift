import DeliveryCore
import DeliveryEngine
import HTTPClient
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
    private let connections = ConnectionPool(
        .init(idleLimit: .seconds(5), close: .orderly)
    )

    /// Of an answer's body so much is read, for the connection's sake; it says nothing.
    private static let bodyLimit = 16_384

    package init() {}

    /// Ends the connections.
    package func shutdown() async { await connections.shutDown() }

    package func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        to address: HookAddress
    ) async -> HookAnswer {
        let post = Post(
            target: address.requestTarget,
            headers: HTTPHeaders(
                [("Content-Type", "application/json"), ("User-Agent", "fanoutd")] + headers
            ),
            body: ByteBuffer(bytes: body),
            use: .head(bodyLimit: Self.bodyLimit),
            // A backstop; whoever asks gives up before.
            deadline: .now() + .minutes(1)
        )
        switch await connections.post(post, to: address.server, connectLimit: .seconds(10)) {
        case .answered(let head, _): return .status(Int(head.status.code))
        case .notBegun(let error), .broken(let error): return .failed(Self.words(for: error))
        case .heldBack: preconditionFailure("an event was kept back that may always begin")
        }
    }

    /// Why there is no answer, in words that can't hold the URL.
    private static func words(for error: any Error) -> String {
        switch error {
        case HTTPFault.interrupted: "no answer in time"
        case let error as HTTPFault: error.description
        case let error as IOError: error.description
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "no connection: \($0.error)" } ?? "unknown host"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: "TLS fails: \(error)"
        case is HTTPParserError: "the answer is no HTTP"
        case ChannelError.connectTimeout: "no connection in time"
        default: "\(type(of: error))"
        }
    }
}
