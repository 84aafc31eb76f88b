import HTTPClient
import JSON
import NIOCore
import NIOHTTP1
package import Platform

/// The client commands' access to a daemon's HTTP endpoint, or to the leader of several nodes.
package struct DaemonClient: Sendable {
    let nodes: DaemonNodes
    let patience: LeaderPatience
    private let token: Secret?

    /// The largest answer read into memory; a page of 1,000 campaigns is far smaller.
    private static let answerLimit = 64 * 1_048_576
    /// A daemon that hasn't begun to answer after this time is considered hung.
    private static let timeout = TimeAmount.seconds(60)
    /// Uploads, exports and retries take as long as their data.
    private static let streamTimeout = TimeAmount.hours(24 * 7)

    /// A client of the daemon at an address; with `others`, of whichever of them leads.
    package init(
        address: DaemonAddress,
        others: [DaemonAddress] = [],
        token: Secret?,
        patience: LeaderPatience = LeaderPatience()
    ) {
        nodes = DaemonNodes(address, others)
        self.patience = patience
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
        /// Whether a node that stands by answers it, too.
        package var isAnsweredByAll = false
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
            let bytes = try await Self.collect(response)
            if case .object(let name) = request.answer, !Self.isObject(bytes, with: name) {
                throw Self.notFanoutd(nodes.present, "it answers with something else")
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
    private static func notFanoutd(_ address: DaemonAddress, _ reason: String) -> CommandFailure {
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
                while let piece = try await response.next() {
                    try take(Array(piece.readableBytesView))
                }
            } catch let failure as CommandFailure {
                throw failure
            } catch {
                let remedy =
                    nodes.isSingle
                    ? "" : "; another node may lead now: run this again for all of it"
                throw CommandFailure(
                    .tryAgain,
                    "the answer broke off (\(TransportFault(error).reason)); it isn't whole\(remedy)"
                )
            }
        }
    }

    /// Asks one node.
    func attempt<Value>(
        _ request: Request,
        at address: DaemonAddress,
        _ use: (DaemonAnswer) async throws(CommandFailure) -> Value
    ) async throws(NodeFailure) -> Value {
        let outcome: Result<Value, NodeFailure>
        do {
            outcome = try await exchange(request, with: address).run { answer in
                await Self.outcome(of: request, answer, from: address, use)
            }
        } catch {
            // The list's own fault comes first: a broken connection is its consequence.
            if case .stream(_, let counter) = request.body, let failure = counter.failure {
                throw NodeFailure(.answered, failure)
            }
            throw TransportFault(error).nodeFailure(at: address)
        }
        return try outcome.get()
    }

    private static func outcome<Value>(
        of request: Request,
        _ answer: DaemonAnswer,
        from address: DaemonAddress,
        _ use: (DaemonAnswer) async throws(CommandFailure) -> Value
    ) async -> Result<Value, NodeFailure> {
        do throws(NodeFailure) {
            try await checkStatus(of: answer, from: address)
            do throws(CommandFailure) {
                try check(answer, against: request.answer, from: address)
                return .success(try await use(answer))
            } catch {
                throw NodeFailure(.answered, error)
            }
        } catch {
            return .failure(error)
        }
    }

    /// Throws what a node says that doesn't do what it was asked.
    private static func checkStatus(
        of response: DaemonAnswer,
        from address: DaemonAddress
    ) async throws(NodeFailure) {
        let status = response.status
        if (200..<300).contains(status) { return }
        let body: [UInt8]
        do throws(CommandFailure) {
            body = try await collect(response)
        } catch {
            throw NodeFailure(.answered, error)
        }
        let refusal = Refusal(status: status, body: body)
        // A proxy in front of a daemon answers 502, 503 or 504 itself.
        guard refusal.isFanoutd || status >= 500 else {
            let reason = "what listens there answers with status \(status)"
            throw NodeFailure(.answered, notFanoutd(address, reason))
        }
        let failure = refusal.failure(retryAfter: response.head.headers.first(name: "Retry-After"))
        switch refusal.slug {
        case Refusal.standby:
            let finding = "\(address) stands by"
            throw NodeFailure(.standsBy(leader: refusal.leader), finding: finding, failure)
        // It has taken nothing, and another node leads soon.
        case Refusal.stopping:
            let finding = "\(address) is stopping"
            throw NodeFailure(.standsBy(leader: nil), finding: finding, failure)
        default: throw NodeFailure(.answered, failure)
        }
    }

    private static func check(
        _ response: DaemonAnswer,
        against answer: Request.Answer,
        from address: DaemonAddress
    ) throws(CommandFailure) {
        let isRight =
            switch answer {
            case .object: response.head.status != .noContent
            case .nothing: response.head.status == .noContent
            case .rows(let type):
                response.head.headers.first(name: "Content-Type")?.hasPrefix(type) ?? false
            }
        if !isRight { throw notFanoutd(address, "it answers with something else") }
    }

    private func exchange(_ request: Request, with address: DaemonAddress) -> DaemonExchange {
        var headers = HTTPHeaders([("Host", address.authority)])
        if let token { headers.add(name: "Authorization", value: "Bearer \(token.text)") }
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        var timeout = request.mayTakeLong ? Self.streamTimeout : Self.timeout
        switch request.body {
        case .none:
            if request.method != "GET" { headers.add(name: "Content-Length", value: "0") }
        case .json(let bytes):
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: "\(bytes.count)")
        case .stream(let file, _):
            timeout = Self.streamTimeout
            if let size = file.size {
                headers.add(name: "Content-Length", value: "\(size)")
            } else {
                headers.add(name: "Transfer-Encoding", value: "chunked")
            }
        }
        if let shorter = request.timeout { timeout = TimeAmount(shorter) }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: request.method),
            uri: request.path,
            headers: headers
        )
        return DaemonExchange(
            address: address,
            head: head,
            body: request.body,
            deadline: .now() + timeout
        )
    }

    private static func collect(_ answer: DaemonAnswer) async throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while let piece = try await answer.next() {
                bytes += piece.readableBytesView
                if bytes.count > answerLimit { throw HTTPFault.answerTooLarge }
            }
            return bytes
        } catch {
            throw CommandFailure(
                .tryAgain,
                "the daemon's answer broke off (\(TransportFault(error).reason))",
                retry: .soon
            )
        }
    }
}
