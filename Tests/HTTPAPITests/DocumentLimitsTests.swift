import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import TencentIM
import Testing
import Yams

/// Each limit that the OpenAPI document names is the code's: the value at it is taken, the next one
/// is refused.
@Suite struct `The document's limits` {
    private static func values(of name: String) throws -> DocumentValues {
        let document = try #require(try Yams.load(yaml: OpenAPIDocument.text) as? [String: Any])
        let components = try #require(document["components"] as? [String: Any])
        let schemas = try #require(components["schemas"] as? [String: [String: Any]])
        return try DocumentValues(of: try #require(schemas[name]), in: schemas)
    }

    private func check(
        _ text: String,
        by rules: MessageTemplate
    ) throws -> Result<CheckedMessage, MessageFaults> {
        let bytes = Array(text.utf8)
        return rules.check(try JSON(parsing: bytes), in: bytes, packetLimit: 12_000)
    }

    @Test func `are those of a message`() throws {
        let values = try Self.values(of: "Message")
        // Eight elements with a few fields each: fewer would mean that the walk stops early.
        #expect(values.good.count > 100 && values.bad.count > 300)
        let rules = MessageTemplate()
        for text in values.good {
            let result = try check(text, by: rules)
            #expect(throws: Never.self, "\(text)") { try result.get() }
        }
        for text in values.bad {
            let result = try check(text, by: rules)
            #expect(throws: MessageFaults.self, "\(text)") { try result.get() }
        }
    }

    @Test func `are those of a new campaign`() async throws {
        let values = try Self.values(of: "NewCampaign")
        let endpoint = makeEndpoint(FakeService(), rules: MessageTemplate())
        for text in values.good where !text.contains(#""start":true"#) {
            let answer = try await exchange(.post, "/v1/campaigns", text, endpoint: endpoint)
            #expect(answer.status == 201, "\(text): \(answer.text)")
        }
        for text in values.bad where !text.hasPrefix("{\"message\"") {
            let answer = try await exchange(.post, "/v1/campaigns", text, endpoint: endpoint)
            #expect(answer.status == 422, "\(text): \(answer.text)")
        }
    }

    @Test func `are those of a patch`() async throws {
        let values = try Self.values(of: "CampaignPatch")
        // What a part of the sending hours is named onto.
        var configuration = makeConfiguration()
        let hours = SendingHours(opensAt: 540, closesAt: 1_260, timeZone: "UTC")
        configuration.defaultSendBetween = { hours }
        let endpoint = makeEndpoint(FakeService(), configuration: configuration)
        let path = "/v1/campaigns/\(try await makeCampaign(endpoint))"
        for text in values.good {
            let answer = try await exchange(.patch, path, text, endpoint: endpoint)
            #expect(answer.status == 200, "\(text): \(answer.text)")
        }
        for text in values.bad {
            let answer = try await exchange(.patch, path, text, endpoint: endpoint)
            #expect(answer.status == 422, "\(text): \(answer.text)")
        }
    }

    @Test(arguments: [("0", 400), ("1", 200), ("1000", 200), ("1001", 400), ("x", 400)])
    func `are those of a page`(limit: String, status: Int) async throws {
        let endpoint = makeEndpoint(FakeService())
        let uri = "/v1/campaigns?limit=\(limit)"
        #expect(try await exchange(.get, uri, endpoint: endpoint).status == status)
    }

    @Test(arguments: [(0, 400), (1, 201), (255, 201), (256, 400)])
    func `are those of a key`(length: Int, status: Int) async throws {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let answer = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"message":{"MsgBody":[]}}"#,
            headers: [name: String(repeating: "k", count: length)],
            endpoint: makeEndpoint(FakeService())
        )
        #expect(answer.status == status)
    }
}
