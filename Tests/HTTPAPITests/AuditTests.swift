import HTTPAPI
import HTTPTypes
import Logging
import TestSupport
import Testing

@Suite struct `The audit log` {
    private let service = FakeService()
    private let changes = LogLines.audit

    private var endpoint: Endpoint { makeEndpoint(service, logger: changes.logger) }

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

    @Test func `says that the suppression list changed, and names no account`() async throws {
        let path = "/v1/suppressions"
        let endpoint = endpoint
        func ask(_ method: HTTPRequest.Method, _ path: String, _ list: String? = nil) async throws {
            _ = try await exchange(method, path, list, type: "text/plain", endpoint: endpoint)
        }
        try await ask(.put, "\(path)/bonnie")
        try await ask(.post, path, "rong\n")
        try await ask(.get, "\(path)/bonnie")
        try await ask(.delete, "\(path)/nobody")
        try await ask(.delete, "\(path)/bonnie")
        #expect(changes.all == ["suppress by ops", "suppress a list by ops", "unsuppress by ops"])
    }

    @Test func `says nothing of what was only read, or refused`() async throws {
        _ = try await exchange(.get, "/v1/quota", endpoint: endpoint)
        _ = try await exchange(.post, "/v1/pause", token: readToken, endpoint: endpoint)
        _ = try await exchange(.post, "/v1/campaigns", "{}", endpoint: endpoint)
        #expect(changes.all.isEmpty)
    }
}

extension LogLines {
    /// The changes that were logged, as "ACTION of CAMPAIGN by CALLER".
    static var audit: LogLines {
        LogLines { line in
            guard let action = line.metadata["action"] else { return nil }
            let campaign = line.metadata["campaign"].map { " of \($0)" } ?? ""
            return "\(action)\(campaign) by \(line.metadata["caller"] ?? "nobody")"
        }
    }
}
