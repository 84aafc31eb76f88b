import HTTPAPI
import HTTPTypes
import Logging
import Synchronization
import Testing

@Suite struct `The audit log` {
    private let service = FakeService()
    private let changes = AuditLines()

    private var endpoint: Endpoint {
        let changes = changes
        return makeEndpoint(
            service,
            logger: Logger(label: "test") { _ in AuditCollector(lines: changes) }
        )
    }

    @Test func `says who changed what, of which campaign`() async throws {
        let id = try await makeCampaign(endpoint)
        let path = "/v1/campaigns/\(id)"
        let recipients = try await exchange(
            .post,
            path + "/recipients",
            "bonnie\n",
            type: "text/plain",
            endpoint: endpoint
        )
        #expect(recipients.status == 200)
        for action in ["start", "pause", "resume", "cancel", "retry"] {
            let answer = try await exchange(.post, "\(path)/\(action)", endpoint: endpoint)
            #expect(answer.status == 200, "\(action)")
        }
        _ = try await exchange(.patch, path, #"{"name":"n"}"#, endpoint: endpoint)
        _ = try await exchange(.delete, path, endpoint: endpoint)
        _ = try await exchange(.post, "/v1/pause", endpoint: endpoint)
        _ = try await exchange(.post, "/v1/resume", endpoint: endpoint)
        let actions = [
            "create", "add recipients", "start", "pause", "resume", "cancel", "retry", "patch",
            "delete",
        ]
        #expect(
            changes.all == actions.map { "\($0) of \(id) by ops" } + [
                "pause all by ops", "resume all by ops",
            ]
        )
    }

    @Test func `says nothing of what was only read, or refused`() async throws {
        _ = try await exchange(.get, "/v1/quota", endpoint: endpoint)
        _ = try await exchange(.post, "/v1/pause", token: readToken, endpoint: endpoint)
        _ = try await exchange(.post, "/v1/campaigns", "{}", endpoint: endpoint)
        #expect(changes.all.isEmpty)
    }
}

/// The changes that were logged, as "ACTION of CAMPAIGN by CALLER".
final class AuditLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

struct AuditCollector: LogHandler {
    let lines: AuditLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(lines: AuditLines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard let action = event.metadata?["action"] else { return }
        let campaign = event.metadata?["campaign"].map { " of \($0)" } ?? ""
        lines.add("\(action)\(campaign) by \(event.metadata?["caller"] ?? "nobody")")
    }
}
