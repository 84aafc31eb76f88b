import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

/// Hours in which a campaign may be sent, as clients name them; it is Tuesday, 09:30 in Shanghai.
@Suite struct `Sending hours at the door` {
    private let service = FakeService()
    private static let day = #"{"from":"09:00","to":"21:00","time_zone":"Asia/Shanghai"}"#
    private static let night = #"{"from":"22:00","to":"08:00","time_zone":"Asia/Shanghai"}"#
    private static let hours = SendingHours(
        opensAt: 540,
        closesAt: 1_260,
        timeZone: "Asia/Shanghai"
    )

    private func configuration(_ hours: SendingHours? = nil) -> EndpointConfiguration {
        var configuration = makeConfiguration()
        configuration.defaultSendBetween = { hours }
        return configuration
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        usually hours: SendingHours? = nil
    ) async throws -> Answer {
        let endpoint = makeEndpoint(service, configuration: configuration(hours))
        return try await exchange(method, path, body, endpoint: endpoint)
    }

    private func create(_ fields: String, usually hours: SendingHours? = nil) async throws -> Answer
    {
        let fields = fields.isEmpty ? "" : ",\(fields)"
        return try await send(.post, "/v1/campaigns", "{\"message\":{}\(fields)}", usually: hours)
    }

    private func path(_ answer: Answer) throws -> String {
        "/v1/campaigns/\(try #require(try answer.json()["id"]?.string))"
    }

    private var settings: Campaign.Settings? {
        service.state.withLock { $0.campaigns.values.first?.settings }
    }

    // MARK: - Creation

    @Test func `are shown with all their days`() async throws {
        let answer = try await create(#""send_between":\#(Self.day)"#)
        #expect(answer.status == 201)
        #expect(settings?.sendBetween == Self.hours)
        #expect(
            answer.text.contains(
                #""send_between":{"from":"09:00","to":"21:00","time_zone":"Asia/Shanghai","days":"#
                    + #"["mon","tue","wed","thu","fri","sat","sun"]}"#
            )
        )
        let shown = try await send(.get, try path(answer))
        #expect(try shown.json()["send_between"]?["to"]?.string == "21:00")
    }

    @Test func `may be of some days, in any order, and over midnight`() async throws {
        let answer = try await create(
            #""send_between":{"days":["sun","fri","fri"],"to":"00:00","from":"23:59","time_zone":"UTC"}"#
        )
        #expect(answer.status == 201)
        let days = try answer.json()["send_between"]?["days"]?.elements?.map(\.string)
        #expect(days == ["fri", "sun"])
    }

    @Test(arguments: ["", #""send_between":null"#])
    func `are null for any time`(fields: String) async throws {
        let answer = try await create(fields)
        #expect(answer.status == 201)
        #expect(try answer.json()["send_between"]?.isNull == true)
    }

    @Test(arguments: [
        ("7", ["/send_between"]), (#""09:00""#, ["/send_between"]), ("[]", ["/send_between"]),
        ("{}", ["/send_between/from", "/send_between/to", "/send_between/time_zone"]),
        (#"{"from":"9:00","to":"21:00","time_zone":"UTC"}"#, ["/send_between/from"]),
        (#"{"from":"24:00","to":"21:00","time_zone":"UTC"}"#, ["/send_between/from"]),
        (#"{"from":"09:60","to":"21:00","time_zone":"UTC"}"#, ["/send_between/from"]),
        (#"{"from":"09-00","to":"21:00","time_zone":"UTC"}"#, ["/send_between/from"]),
        (#"{"from":900,"to":null,"time_zone":"UTC"}"#, ["/send_between/from", "/send_between/to"]),
        (#"{"from":"09:00","to":"09:00","time_zone":"UTC"}"#, ["/send_between/to"]),
        (#"{"from":"09:00","to":"21:00"}"#, ["/send_between/time_zone"]),
        (#"{"from":"09:00","to":"21:00","time_zone":8}"#, ["/send_between/time_zone"]),
        (#"{"from":"09:00","to":"21:00","time_zone":"Asia/Shangai"}"#, ["/send_between/time_zone"]),
        (#"{"from":"09:00","to":"21:00","time_zone":"UTC","days":[]}"#, ["/send_between/days"]),
        (#"{"from":"09:00","to":"21:00","time_zone":"UTC","days":null}"#, ["/send_between/days"]),
        (#"{"from":"09:00","to":"21:00","time_zone":"UTC","days":"mon"}"#, ["/send_between/days"]),
        (
            #"{"from":"09:00","to":"21:00","time_zone":"UTC","days":["mon","Tue",3]}"#,
            ["/send_between/days/1", "/send_between/days/2"]
        ),
        (
            #"{"from":"09:00","to":"21:00","time_zone":"UTC","until":"x"}"#,
            ["/send_between/until"]
        ),
    ])
    func `are checked field by field`(hours: String, pointers: [String]) async throws {
        let answer = try await create(#""send_between":\#(hours)"#)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(try answer.pointers().sorted() == pointers.sorted())
        #expect(settings == nil)
    }

    @Test func `name the nearest zone where theirs isn't known`() async throws {
        let answer = try await create(
            #""send_between":{"from":"09:00","to":"21:00","time_zone":"Asia/Shangai"}"#
        )
        #expect(answer.text.contains("did you mean Asia/Shanghai?"))
    }

    // MARK: - Defaults

    @Test func `are the configured ones where a campaign doesn't say, unless it says null`()
        async throws
    {
        let silent = try await create("", usually: Self.hours)
        #expect(try silent.json()["send_between"]?["from"]?.string == "09:00")
        let free = try await create(#""send_between":null"#, usually: Self.hours)
        #expect(try free.json()["send_between"]?.isNull == true)
        let own = try await create(#""send_between":\#(Self.night)"#, usually: Self.hours)
        #expect(try own.json()["send_between"]?["from"]?.string == "22:00")
    }

    @Test func `are the configured ones for the gateway`() async throws {
        _ = try await exchange(
            .post,
            "/v4/openim/batchsendmsg?identifier=boss",
            "bonnie",
            token: nil,
            endpoint: makeEndpoint(service, configuration: configuration(Self.hours))
        )
        #expect(settings?.sendBetween == Self.hours)
    }

    // MARK: - Patches

    private func patch(_ present: String, _ body: String) async throws -> (Answer, CampaignPatch?) {
        let path = try path(try await create(#""send_between":\#(present)"#))
        let answer = try await send(.patch, path, body)
        let changes = service.state.withLock { $0.changes }
        guard case .patch(let patch)? = changes.last else { return (answer, nil) }
        return (answer, patch)
    }

    @Test func `are changed in part, as a merge patch does, and taken away`() async throws {
        let present = #"{"from":"09:00","to":"21:00","time_zone":"UTC","days":["mon"]}"#
        let (_, later) = try await patch(present, #"{"send_between":{"to":"22:30"}}"#)
        var expected = SendingHours(opensAt: 540, closesAt: 1_350, days: [.monday], timeZone: "UTC")
        #expect(later?.sendBetween == .some(expected))
        let (_, daily) = try await patch(present, #"{"send_between":{"days":null}}"#)
        expected.closesAt = 1_260
        expected.days = Set(Weekday.allCases)
        #expect(daily?.sendBetween == .some(expected))
        let (_, never) = try await patch(present, #"{"send_between":null}"#)
        #expect(never?.sendBetween == .some(nil))
        let (_, other) = try await patch(present, #"{"name":"n"}"#)
        #expect(other?.sendBetween == nil && other?.name == "n")
    }

    @Test(arguments: [
        ("null", #"{"to":"22:00"}"#, ["/send_between/from", "/send_between/time_zone"]),
        (day, #"{"to":"09:00"}"#, ["/send_between/to"]),
        (day, #"{"from":null}"#, ["/send_between/from"]),
        (day, #"{"days":[]}"#, ["/send_between/days"]),
        (day, #"{"time_zone":"No/Where"}"#, ["/send_between/time_zone"]),
    ])
    func `are refused where a patch would break them`(
        present: String,
        change: String,
        pointers: [String]
    ) async throws {
        let (answer, _) = try await patch(present, #"{"send_between":\#(change)}"#)
        #expect(answer.status == 422)
        #expect(try answer.pointers() == pointers)
    }

    // MARK: - An expiry before they open

    @Test(arguments: [
        // 22:00 in Shanghai is 14:00 by UTC.
        (night, #""expires_at":"2025-11-11T14:00:00Z""#, 422),
        (night, #""expires_at":"2025-11-11T14:00:00.001Z""#, 201),
        (day, #""expires_at":"2025-11-11T02:00:00Z""#, 201),
        (
            day,
            #""start_at":"2025-11-11T13:00:00Z","expires_at":"2025-11-12T01:00:00Z""#, 422
        ),
        (
            day,
            #""start_at":"2025-11-11T13:00:00Z","expires_at":"2025-11-12T01:00:01Z""#, 201
        ),
    ])
    func `is refused at the creation`(hours: String, fields: String, status: Int) async throws {
        let answer = try await create(#""send_between":\#(hours),\#(fields)"#)
        #expect(answer.status == status, "\(answer.text)")
        guard status == 422 else { return }
        #expect(try answer.pointers() == ["/expires_at"])
        #expect(answer.text.contains("send_between"))
        #expect(answer.text.contains("open at 2025-11-1"))
    }

    @Test func `is refused where the hours are the default`() async throws {
        let hours = SendingHours(opensAt: 1_320, closesAt: 480, timeZone: "Asia/Shanghai")
        let answer = try await create(#""expires_at":"2025-11-11T13:00:00Z""#, usually: hours)
        #expect(try answer.pointers() == ["/expires_at"])
    }

    @Test(arguments: [
        (day, #"{"send_between":\#(night)}"#, "/send_between"),
        (night, #"{"expires_at":"2025-11-11T13:59:59Z"}"#, "/expires_at"),
        (day, #"{"start_at":"2025-11-11T13:30:00Z"}"#, "/start_at"),
    ])
    func `is refused in a patch, at what it changes`(
        present: String,
        body: String,
        pointer: String
    ) async throws {
        let created = try await create(
            #""send_between":\#(present),"expires_at":"2025-11-11T14:00:00.001Z""#
        )
        #expect(created.status == 201)
        let body = body.replacing(Self.night, with: Self.night.replacing("22:00", with: "23:00"))
        let answer = try await send(.patch, try path(created), body)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(try answer.pointers() == [pointer])
        // What it leaves as it is doesn't matter to it.
        #expect(try await send(.patch, try path(created), #"{"name":"n"}"#).status == 200)
    }

    @Test func `keeps a draft from its start, with what to do`() async throws {
        let created = try await create(
            #""send_between":\#(Self.night),"expires_at":"2025-11-11T14:30:00Z""#
        )
        let path = try path(created)
        let id = try #require(service.state.withLock { $0.campaigns.keys.first })
        service.state.withLock {
            $0.campaigns[id]?.settings.expiresAt = .init(milliseconds: 1_762_824_600_001)
        }
        let late = try await send(.post, "\(path)/start")
        #expect(late.status == 409)
        #expect(try late.slug() == "wrong-state")
        #expect(try late.json()["state"]?.string == "draft")
        #expect(late.text.contains("expires_at") && late.text.contains("PATCH"))
        service.state.withLock { $0.campaigns[id]?.settings.expiresAt = nil }
        #expect(try await send(.post, "\(path)/start").status == 200)
    }

    // MARK: - Plans

    @Test(arguments: [
        // Until 22:00 it is twelve and a half hours.
        (night, 1, 45_000), ("null", 1, 0), (day, 1, 0), (day, 12_000, 53),
        // Eleven and a half hours are left today.
        (day, 11_970 * 60 * 12, 24 * 3_600),
    ])
    func `are allowed for in a plan`(hours: String, count: Int, seconds: Int) async throws {
        let body =
            #"{"message":{},"count":\#(count),"mean_account_bytes":8,"send_between":\#(hours)}"#
        let answer = try await send(.post, "/v1/plan", body, usually: Self.hours)
        #expect(answer.status == 200, "\(answer.text)")
        let found = try #require(try answer.json()["seconds"]?.integer)
        #expect(abs(found - seconds) <= 61, "\(found)")
    }

    @Test func `of the configuration count in a plan that doesn't say, and faults are named`()
        async throws
    {
        let night = SendingHours(opensAt: 1_320, closesAt: 480, timeZone: "Asia/Shanghai")
        let body = #"{"message":{},"recipients":["a"]}"#
        let plan = try await send(.post, "/v1/plan", body, usually: night)
        #expect(try plan.json()["seconds"]?.integer == 45_000)
        let wrong = #"{"message":{},"recipients":["a"],"send_between":{"from":"x"}}"#
        let refused = try await send(.post, "/v1/plan", wrong)
        #expect(refused.status == 422)
        #expect(try refused.pointers().contains("/send_between/from"))
    }
}
