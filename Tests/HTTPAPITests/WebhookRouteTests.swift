import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Logging
import Testing

/// The webhooks as the endpoint shows them, and events as hooks are told them.
@Suite struct WebhookRouteTests {
    private struct FakeHooks: Hooks {
        func standing() async throws(QueueError) -> [HookStanding] {
            var standing = HookStanding(
                id: 1,
                url: "https://ops.example/?(redacted)",
                kinds: [.campaignStarted, .serviceHalted]
            )
            standing.backlog = HookBacklog(count: 3, oldestAt: FakeService.start)
            standing.last = HookTry(at: FakeService.start, status: 500, error: "HTTP 500")
            return [standing, HookStanding(id: 2, url: "https://b.example", kinds: [])]
        }

        func test(_ id: Int) async -> HookTry? {
            id == 1 ? HookTry(at: FakeService.start, status: 204, error: nil) : nil
        }
    }

    private func makeHooked() -> Endpoint {
        let service = FakeService()
        return Endpoint(
            configuration: makeConfiguration(),
            campaigns: service,
            suppressions: FakeSuppressions(),
            deliveries: service,
            rules: service,
            gateway: FakeGateway(),
            hooks: FakeHooks(),
            time: FixedTime(),
            random: { 1 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    @Test func `they are listed in their order`() async throws {
        let answer = try await exchange(.get, "/v1/webhooks", endpoint: makeHooked())
        let items = try #require(try answer.json()["items"]?.elements)
        #expect(items.map { $0["id"]?.integer } == [1, 2])
        #expect(
            items[0].members?.map(\.name) == [
                "id", "url", "events", "backlog", "oldest_at", "last", "next_at", "stopped",
            ]
        )
        #expect(
            items[0]["events"]?.elements?.map(\.string) == ["campaign.started", "service.halted"]
        )
        #expect(items[0]["last"]?["status"]?.integer == 500)
        #expect(items[0]["oldest_at"]?.string == "2025-11-11T01:30:00.000Z")
        #expect(items[1]["last"]?.isNull == true && items[1]["stopped"]?.bool == false)
        let none = try await exchange(.get, "/v1/webhooks", endpoint: makeEndpoint(FakeService()))
        #expect(none.text == #"{"items":[]}"#)
    }

    @Test func `a test says what came of it`() async throws {
        let answer = try await exchange(.post, "/v1/webhooks/1/test", endpoint: makeHooked())
        #expect(answer.status == 200)
        #expect(try answer.json()["status"]?.integer == 204)
        #expect(try answer.json()["error"]?.isNull == true)
        for id in ["2", "0", "01", "x", "99999999999999999999"] {
            let missing = try await exchange(
                .post,
                "/v1/webhooks/\(id)/test",
                endpoint: makeHooked()
            )
            #expect(missing.status == 404)
        }
    }

    @Test func `an event has its campaign, without the message and what changes by the second`()
        throws
    {
        let campaign = Campaign(
            id: Campaign.ID(high: 0x7000, low: 0x8000_0000_0000_0000),
            name: "a",
            state: .running,
            createdAt: FakeService.start,
            message: CheckedMessage(json: [], packetOverhead: 0)
        )
        let event = HookEvent(
            kind: .campaignStarted,
            at: FakeService.start,
            subject: .campaign(campaign)
        )
        let json = try JSON(parsing: event.document(FakeService()))
        #expect(json.members?.map(\.name) == ["type", "timestamp", "data"])
        #expect(json["type"]?.string == "campaign.started")
        let data = try #require(json["data"])
        #expect(data["message"]?.isNull == true && data["counts"]?["total"]?.integer == 0)
        #expect(data["eta"] == nil && data["messages_last_minute"] == nil)
    }
}
