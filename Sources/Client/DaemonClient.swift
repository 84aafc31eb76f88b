import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
package import Platform

/// The client commands' access to a daemon's HTTP endpoint.
package struct DaemonClient: Sendable {
    package let address: DaemonAddress
    package let token: Secret?

    /// The largest answer read into memory; a page of 1,000 campaigns is far smaller.
    private static let answerLimit = 64 * 1_048_576
    /// A daemon that hasn't begun to answer after this time is considered hung.
    private static let timeout = TimeAmount.seconds(60)
    /// Uploads, exports and retries take as long as their data.
    private static let streamTimeout = TimeAmount.hours(24 * 7)

    package init(address: DaemonAddress, token: Secret?) {
        self.address = address
        self.token = token
    }

    /// A request, without the daemon's address.
    package struct Request: Sendable {
        package var method: String
        package var path: String
        package var headers: [(String, String)]
        package var body: Body
        /// Whether the answer may begin long after the request, as for a retry of millions.
        package var mayTakeLong = false
        /// The time limit of the answer, if it isn't the usual one.
        package var timeout: Duration?
        /// The form of a daemon's answer, which tells it from another server's.
        package var answer: Answer

        package enum Answer: Sendable {
            /// An object with a member of this name.
            case object(with: String)
            /// Nothing: 204.
            case nothing
            /// Rows of this media type.
            case rows(String)
        }

        package enum Body: Sendable {
            case none
            case json([UInt8])
            case stream(RecipientFile, ByteCounter)
        }

        package init(
            _ method: String,
            _ path: String,
            answer: Answer,
            headers: [(String, String)] = [],
            body: Body = .none
        ) {
            self.answer = answer
            self.method = method
            self.path = path
            self.headers = headers
            self.body = body
        }
    }

    /// Sends a request and returns the answer's body; a refusal is thrown with its problem as text.
    package func send(_ request: Request) async throws(CommandFailure) -> [UInt8] {
        try await exchange(request) { response throws(CommandFailure) in
            let bytes = try await Self.collect(response.body)
            if case .object(let name) = request.answer, !Self.isObject(bytes, with: name) {
                throw notFanoutd("it answers with something else")
            }
            return bytes
        }
    }

    private static func isObject(_ bytes: [UInt8], with name: String) -> Bool {
        do throws(CommandFailure) {
            return try parse(bytes)[name] != nil
        } catch {
            return false
        }
    }

    /// The failure for an answer of another server.
    private func notFanoutd(_ reason: String) -> CommandFailure {
        CommandFailure(
            .unreachable,
            "there is no fanoutd at \(address): \(reason). Name it with --url or FANOUTD_URL"
        )
    }

    /// Sends a request and passes the answer's body on chunk by chunk.
    package func stream(
        _ request: Request,
        to take: ([UInt8]) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        try await exchange(request) { response throws(CommandFailure) in
            do {
                for try await piece in response.body {
                    try take(Array(piece.readableBytesView))
                }
            } catch let failure as CommandFailure {
                throw failure
            } catch {
                throw CommandFailure(
                    .tryAgain,
                    "the answer broke off (\(TransportFault(error).reason)); it isn't whole"
                )
            }
        }
    }

    private func exchange<Result>(
        _ request: Request,
        _ use: (HTTPClientResponse) async throws(CommandFailure) -> Result
    ) async throws(CommandFailure) -> Result {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: Self.configuration
        )
        let outcome: Swift.Result<Result, CommandFailure>
        do throws(CommandFailure) {
            let response = try await execute(request, on: client)
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                let refusal = Refusal(status: status, body: try await Self.collect(response.body))
                // A proxy in front of a daemon answers 502, 503 or 504 itself.
                guard refusal.isFanoutd || status >= 500 else {
                    throw notFanoutd("what listens there answers with status \(status)")
                }
                throw refusal.failure(retryAfter: response.headers.first(name: "Retry-After"))
            }
            try check(response, against: request.answer)
            outcome = .success(try await use(response))
        } catch {
            outcome = .failure(error)
        }
        do {
            try await client.shutdown()
        } catch {
            // The answer is complete; a failed close of the connection changes nothing about it.
        }
        return try outcome.get()
    }

    private func check(
        _ response: HTTPClientResponse,
        against answer: Request.Answer
    ) throws(CommandFailure) {
        let isRight =
            switch answer {
            case .object: response.status != .noContent
            case .nothing: response.status == .noContent
            case .rows(let type):
                response.headers.first(name: "Content-Type")?.hasPrefix(type) ?? false
            }
        if !isRight { throw notFanoutd("it answers with something else") }
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // A refused connection means that no daemon listens: fail at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    private func execute(
        _ request: Request,
        on client: HTTPClient
    ) async throws(CommandFailure) -> HTTPClientResponse {
        var message = HTTPClientRequest(url: address.url(request.path))
        message.method = HTTPMethod(rawValue: request.method)
        if case .unix = address { message.headers.add(name: "Host", value: "localhost") }
        if let token {
            message.headers.add(name: "Authorization", value: "Bearer \(token.text)")
        }
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        var timeout = Self.timeout
        switch request.body {
        case .none: break
        case .json(let bytes):
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(bytes)
        case .stream(let file, let counter):
            timeout = Self.streamTimeout
            let length = file.size.map { HTTPClientRequest.Body.Length.known(Int64($0)) }
            message.body = .stream(file.chunks(counting: counter), length: length ?? .unknown)
        }
        if request.mayTakeLong { timeout = Self.streamTimeout }
        if let shorter = request.timeout { timeout = TimeAmount(shorter) }
        do {
            return try await client.execute(message, timeout: timeout)
        } catch {
            // The list's own fault comes first: a broken connection is its consequence.
            if case .stream(_, let counter) = request.body, let failure = counter.failure {
                throw failure
            }
            throw TransportFault(error).failure(at: address)
        }
    }

    private static func collect(
        _ body: HTTPClientResponse.Body
    ) async throws(CommandFailure) -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: answerLimit).readableBytesView)
        } catch {
            throw CommandFailure(
                .tryAgain,
                "the daemon's answer broke off (\(TransportFault(error).reason))",
                retry: .soon
            )
        }
    }
}
