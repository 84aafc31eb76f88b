import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

@Suite struct `Jobs over a campaign` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    private func change(_ id: String, _ change: (inout Campaign) -> Void) throws {
        let key = try #require(Campaign.ID(id))
        service.state.withLock { state in
            guard var campaign = state.campaigns[key] else { return }
            change(&campaign)
            state.campaigns[key] = campaign
        }
    }

    @Test(arguments: ["check", "verify", "recall"])
    func `start with 202 and stop with 200, and show the campaign`(name: String) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a", "b"], start: false)
        let path = "/v1/campaigns/\(id)/\(name)"
        let started = try await exchange(.post, path, endpoint: endpoint)
        #expect(started.status == 202)
        #expect(try started.json()["id"]?.string == id)
        #expect(try started.json()[name]?["state"]?.string == "running")
        let stopped = try await exchange(.delete, path, endpoint: endpoint)
        #expect(stopped.status == 200)
        #expect(try stopped.json()[name]?["state"]?.string == "stopped")
        let kind = try #require(Job.Kind(rawValue: name))
        #expect(service.state.withLock { $0.changes } == [.startJob(kind), .stopJob(kind)])
    }

    @Test func `show what they came to, each by its own results`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        var recall = Job(kind: .recall, total: 1_000, startedAt: FakeService.start)
        recall.tally[.recalled] = 338
        recall.tally[.missing] = 1
        recall.tally[.failed] = 1
        var check = Job(
            kind: .check,
            state: .halted,
            reason: .init(code: 70_402, text: "bad parameter"),
            total: 2,
            startedAt: FakeService.start,
            finishedAt: FakeService.start.advanced(by: .seconds(1))
        )
        check.tally[.present] = 2
        try change(id) { $0.jobs = [check, recall] }
        service.jobProgress.withLock {
            let end = FakeService.start.advanced(by: .seconds(7))
            $0[.recall] = JobProgress(eta: end)
            // A job that has ended has no end ahead of it.
            $0[.check] = JobProgress(eta: end)
        }
        let answer = try await exchange(.get, "/v1/campaigns/\(id)", endpoint: endpoint)
        let time = "2025-11-11T01:30:00.000Z"
        #expect(
            answer.text.hasSuffix(
                #","check":{"state":"halted","reason":{"code":70402,"text":"bad parameter"},"#
                    + #""total":2,"done":2,"present":2,"missing":0,"unclear":0,"#
                    + #""started_at":"\#(time)","finished_at":"2025-11-11T01:30:01.000Z","#
                    + #""eta":null},"verify":null,"recall":{"state":"running","reason":null,"#
                    + #""total":1000,"done":340,"recalled":338,"missing":1,"failed":1,"#
                    + #""started_at":"\#(time)","finished_at":null,"#
                    + #""eta":"2025-11-11T01:30:07.000Z"}}"#
            )
        )
    }

    @Test func `say what a running one waits for`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        try change(id) {
            $0.jobs = [Job(kind: .verify, total: 1, startedAt: FakeService.start)]
        }
        service.jobProgress.withLock {
            let reason = Campaign.Reason(code: nil, text: "settling")
            $0[.verify] = JobProgress(waitsFor: reason)
        }
        let job = try await exchange(.get, "/v1/campaigns/\(id)", endpoint: endpoint)
            .json()["verify"]
        #expect(job?["state"]?.string == "waiting")
        #expect(job?["reason"]?["text"]?.string == "settling")
        #expect(job?["eta"]?.isNull == true)
    }

    @Test(arguments: [
        (nil, nil), ("{}", nil), (#"{"calls_per_second":null}"#, nil),
        (#"{"calls_per_second":20}"#, 20), (#"{"calls_per_second":150}"#, 150),
    ])
    func `recall at the rate that is asked for`(body: String?, rate: Int?) async throws {
        var configuration = makeConfiguration()
        configuration.limits = {
            var limits = Limits()
            limits.recallsPerSecond = 150
            return limits
        }
        let endpoint = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let path = "/v1/campaigns/\(id)/recall"
        #expect(try await exchange(.post, path, body, endpoint: endpoint).status == 202)
        let start = CampaignChange.startJob(.recall, callsPerSecond: rate)
        #expect(service.state.withLock { $0.changes } == [start])
    }

    @Test(arguments: [
        (#"{"calls_per_second":0}"#, "/calls_per_second"),
        (#"{"calls_per_second":101}"#, "/calls_per_second"),
        (#"{"calls_per_second":"9"}"#, "/calls_per_second"),
        (#"{"calls_per_second":1.5}"#, "/calls_per_second"), (#"{"rate":1}"#, "/rate"), ("[]", ""),
    ])
    func `refuse a rate that they can't have, and say which they can`(
        body: String,
        pointer: String
    ) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let path = "/v1/campaigns/\(id)/recall"
        let answer = try await exchange(.post, path, body, endpoint: endpoint)
        #expect(answer.status == 422)
        #expect(try answer.pointers() == [pointer])
        #expect(answer.text.contains("from 1 to 100") == (pointer == "/calls_per_second"))
        #expect(service.state.withLock { $0.changes.isEmpty })
    }

    @Test(arguments: [
        ("POST", "check"), ("POST", "verify"), ("DELETE", "check"), ("DELETE", "verify"),
        ("DELETE", "recall"),
    ])
    func `take no body where there is nothing to say`(
        method: String,
        name: String
    ) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let answer = try await exchange(
            try #require(HTTPRequest.Method(method)),
            "/v1/campaigns/\(id)/\(name)",
            "{}",
            endpoint: endpoint
        )
        #expect(answer.status == 422)
        #expect(try answer.pointers() == [""])
        #expect(service.state.withLock { $0.changes.isEmpty })
    }

    @Test(arguments: ["check", "verify", "recall"])
    func `are for campaigns that there are, whatever the body`(name: String) async throws {
        let path = "/v1/campaigns/01a1fcaa-663e-7f5b-a659-375a205d7d9e/\(name)"
        for method in [HTTPRequest.Method.post, .delete] {
            #expect(try await exchange(method, path, "{", endpoint: endpoint).status == 404)
        }
        let answer = try await exchange(.get, path, endpoint: endpoint)
        #expect(answer.status == 405 && answer.headers[.allow] == "DELETE, POST")
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let reader = try await exchange(
            .post,
            "/v1/campaigns/\(id)/\(name)",
            token: readToken,
            endpoint: endpoint
        )
        #expect(reader.status == 403)
    }

    private static let refusals: [(ChangeRefusal, String, String, String)] = [
        (
            .jobRunning(.check), "/check", "job-running",
            "a check of this campaign is running: wait for its end, or stop it with DELETE"
                + " /v1/campaigns/ID/check"
        ),
        (
            .jobRunning(.recall), "/retry", "job-running",
            "retry would get in the way of a job; a recall of this campaign is running: wait for its"
                + " end, or stop it with DELETE /v1/campaigns/ID/recall"
        ),
        (
            .jobRunning(.verify), "/recall", "job-running",
            "recall would get in the way of a job; a verification of this campaign is running: wait"
                + " for its end, or stop it with DELETE /v1/campaigns/ID/verify"
        ),
        (
            .jobRunning(.settle), "/verify", "job-running",
            "verify would get in the way of a job; its calls of unknown outcome are being looked up,"
                + " as on_unknown says; ask again when that has ended"
        ),
        (
            .nobodyLeft(.check), "/check", "nobody-left",
            "nobody of the draft is left to check; start it"
        ),
        (.nobodyLeft(.verify), "/verify", "nobody-left", "nobody is unknown"),
        (.nobodyLeft(.recall), "/recall", "nobody-left", "nobody sent is left to recall"),
        (
            .beyondHistory, "/recall", "no-history",
            "the provider's history doesn't reach back to this campaign; if it keeps messages for"
                + " longer, tell the configuration (historyDays)"
        ),
        (
            .wrongState(.running), "/recall", "wrong-state",
            "recall is not for a campaign that is running; pause or cancel it first"
        ),
        (
            .wrongState(.draft), "/recall", "wrong-state",
            "recall is not for a campaign that is draft; nobody was sent it; delete it"
        ),
        (
            .wrongState(.paused), "/check", "wrong-state",
            "check is not for a campaign that is paused; accounts are checked before the start"
        ),
        (
            .intakeOpen, "/check", "wrong-state",
            "recipients are being streamed into the draft; wait for that to end"
        ),
    ]

    @Test(arguments: refusals)
    func `are refused with what stands in the way and what to do`(
        refusal: ChangeRefusal,
        path: String,
        slug: String,
        detail: String
    ) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        service.state.withLock { $0.changeError = .refused(refusal) }
        let answer = try await exchange(.post, "/v1/campaigns/\(id)\(path)", endpoint: endpoint)
        #expect(answer.status == 409)
        #expect(try answer.slug() == slug)
        #expect(try answer.json()["detail"]?.string == detail.replacing("ID", with: id))
        #expect(try answer.json()["state"]?.string != nil)
    }

    @Test(arguments: ["check", "verify", "recall"])
    func `can't be stopped unless they run`(name: String) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let path = "/v1/campaigns/\(id)/\(name)"
        let answer = try await exchange(.delete, path, endpoint: endpoint)
        #expect(answer.status == 409)
        #expect(try answer.slug() == "no-job")
        #expect(try answer.json()["state"]?.string == "running")
    }

    @Test func `keep recipients out of a draft while they run`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"], start: false)
        _ = try await exchange(.post, "/v1/campaigns/\(id)/check", endpoint: endpoint)
        let answer = try await exchange(
            .post,
            "/v1/campaigns/\(id)/recipients",
            "b\n",
            type: "text/plain",
            endpoint: endpoint
        )
        #expect(answer.status == 409)
        #expect(try answer.slug() == "job-running")
        #expect(try answer.json()["state"]?.string == "draft")
        #expect(answer.text.contains("DELETE /v1/campaigns/\(id)/check"))
        #expect(service.openIntakeCount == 0)
    }

    @Test(arguments: ["OnlineOnlyFlag\":1", "MsgLifeTime\":0"])
    func `can't take back what was kept nowhere`(field: String) async throws {
        let message = "{\"MsgBody\":[],\"\(field)}"
        let made = try await exchange(
            .post,
            "/v1/campaigns",
            #"{"message":\#(message),"recipients":["a"]}"#,
            endpoint: endpoint
        )
        let id = try #require(try made.json()["id"]?.string)
        let path = "/v1/campaigns/\(id)"
        let recall = try await exchange(.post, "\(path)/recall", endpoint: endpoint)
        #expect(recall.status == 409)
        #expect(try recall.slug() == "no-history")
        #expect(try recall.json()["state"]?.string == "running")
        // A verification finds out what can be known, which is nothing.
        let verify = try await exchange(.post, "\(path)/verify", endpoint: endpoint)
        #expect(verify.status == 202)
    }
}

@Suite struct `The policy to look unknown calls up` {
    private let service = FakeService()

    private func create(
        _ message: String,
        _ policy: String?,
        by standard: UnknownPolicy = .resend
    ) async throws -> Answer {
        var configuration = makeConfiguration()
        configuration.defaultOnUnknown = standard
        let field = policy.map { #","on_unknown":"\#($0)""# } ?? ""
        return try await exchange(
            .post,
            "/v1/campaigns",
            #"{"message":\#(message),"recipients":["a"]\#(field)}"#,
            endpoint: makeEndpoint(service, configuration: configuration)
        )
    }

    @Test func `is taken, asked for or by default`() async throws {
        for answer in [
            try await create("{}", "verify"), try await create("{}", nil, by: .verify),
        ] {
            #expect(answer.status == 201)
            #expect(try answer.json()["on_unknown"]?.string == "verify")
        }
    }

    @Test(arguments: [#"{"OnlineOnlyFlag":1}"#, #"{"MsgLifeTime":0}"#])
    func `is refused for a message that no history keeps`(message: String) async throws {
        for answer in [
            try await create(message, "verify"), try await create(message, nil, by: .verify),
        ] {
            #expect(answer.status == 422)
            #expect(try answer.pointers() == ["/on_unknown"])
            #expect(answer.text.contains(#"name \"resend\" or \"leave\""#))
        }
        #expect(try await create(message, "leave", by: .verify).status == 201)
        #expect(service.state.withLock { $0.campaigns.count } == 1)
    }

    @Test func `says nothing of a history where the message itself is refused`() async throws {
        let answer = try await create(#"{"bad":1,"OnlineOnlyFlag":1}"#, "verify")
        #expect(try answer.pointers() == ["/message/bad", "/message/MsgBody/0"])
    }
}
