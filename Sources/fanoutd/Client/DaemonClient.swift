import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Speaks to a daemon's HTTP endpoint for the client commands.
package struct DaemonClient: Sendable {
    package let address: DaemonAddress
    package let token: Secret?

    /// The largest answer that is taken into memory; a page of 1,000 campaigns stays far below.
    private static let answerLimit = 64 * 1_048_576
    /// A daemon that doesn't begin to answer for so long won't.
    private static let timeout = TimeAmount.seconds(60)
    /// Uploads, exports and retries end when they end.
    private static let streamTimeout = TimeAmount.hours(24 * 7)

    package init(address: DaemonAddress, token: Secret?) {
        self.address = address
        self.token = token
    }

    /// What a request is, but for where it goes.
    package struct Call: Sendable {
        package var method: String
        package var path: String
        package var headers: [(String, String)]
        package var body: Body
        /// Whether its answer may begin long after the request, as that of a retry of millions.
        package var mayTakeLong = false

        package enum Body: Sendable {
            case none
            case json([UInt8])
            case stream(RecipientFile, ByteCounter)
        }

        package init(
            _ method: String,
            _ path: String,
            headers: [(String, String)] = [],
            body: Body = .none
        ) {
            self.method = method
            self.path = path
            self.headers = headers
            self.body = body
        }
    }

    /// Makes a call and answers its body; a refusal is thrown with its problem as text.
    package func send(_ call: Call) async throws(CommandFailure) -> [UInt8] {
        try await exchange(call) { response throws(CommandFailure) in
            try await Self.collect(response.body)
        }
    }

    /// Makes a call and hands its body on piece by piece.
    package func stream(
        _ call: Call,
        to take: ([UInt8]) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        try await exchange(call) { response throws(CommandFailure) in
            do {
                for try await piece in response.body {
                    try take(Array(piece.readableBytesView))
                }
            } catch let failure as CommandFailure {
                throw failure
            } catch {
                throw CommandFailure(.tryAgain, "the answer broke off (\(error)); it isn't whole")
            }
        }
    }

    private func exchange<Result>(
        _ call: Call,
        _ use: (HTTPClientResponse) async throws(CommandFailure) -> Result
    ) async throws(CommandFailure) -> Result {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: Self.configuration
        )
        let outcome: Swift.Result<Result, CommandFailure>
        do throws(CommandFailure) {
            let response = try await execute(call, on: client)
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                throw Problem(status: status, body: try await Self.collect(response.body))
                    .failure(retryAfter: response.headers.first(name: "Retry-After"))
            }
            outcome = .success(try await use(response))
        } catch {
            outcome = .failure(error)
        }
        do {
            try await client.shutdown()
        } catch {
            // The answer is in hand; a connection that won't close changes nothing about it.
        }
        return try outcome.get()
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // Refused means that no daemon is there: say so at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    private func execute(
        _ call: Call,
        on client: HTTPClient
    ) async throws(CommandFailure) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address.url(call.path))
        request.method = HTTPMethod(rawValue: call.method)
        if case .unix = address { request.headers.add(name: "Host", value: "localhost") }
        if let token {
            request.headers.add(name: "Authorization", value: "Bearer \(token.text)")
        }
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        var timeout = Self.timeout
        switch call.body {
        case .none: break
        case .json(let bytes):
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(bytes)
        case .stream(let file, let counter):
            timeout = Self.streamTimeout
            let length = file.size.map { HTTPClientRequest.Body.Length.known(Int64($0)) }
            request.body = .stream(file.chunks(counting: counter), length: length ?? .unknown)
        }
        if call.mayTakeLong { timeout = Self.streamTimeout }
        do {
            return try await client.execute(request, timeout: timeout)
        } catch let fault as SmallFile.Fault {
            throw CommandFailure(.badData, fault.description)
        } catch {
            throw CommandFailure(
                .unreachable,
                unreachable(error),
                retry: Self.isBroken(error) ? .soon : nil
            )
        }
    }

    /// Whether a connection was there and broke, so that somebody listens.
    private static func isBroken(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as IOError: [ECONNRESET, EPIPE].contains(error.errnoCode)
        case is ChannelError: true
        default: false
        }
    }

    private func unreachable(_ error: any Error) -> String {
        let cause = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
        let reason =
            switch cause {
            case let cause as IOError: SmallFile.Fault(path: "", errno: cause.errnoCode).reason
            case let cause as HTTPClientError: cause.shortDescription
            default: "\(cause)"
            }
        return "\(address) doesn't answer (\(reason)); is the daemon running there?"
            + " Name it with --url or FANOUTD_URL"
    }

    private static func collect(
        _ body: HTTPClientResponse.Body
    ) async throws(CommandFailure) -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: answerLimit).readableBytesView)
        } catch {
            throw CommandFailure(
                .tryAgain,
                "the daemon's answer broke off (\(error))",
                retry: .soon
            )
        }
    }
}
