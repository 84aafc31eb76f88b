import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@Suite struct `Streaming recipients` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    private func stream(
        _ id: String,
        _ bytes: [UInt8],
        type: String = "text/plain",
        headers: HTTPFields = [:],
        endpoint: Endpoint? = nil
    ) async throws -> Answer {
        try await exchange(
            .post,
            "/v1/campaigns/\(id)/recipients",
            bytes: bytes,
            type: type,
            headers: headers,
            endpoint: endpoint ?? self.endpoint
        )
    }

    private func intakesAreClosed() -> Bool {
        service.state.withLock { $0.openIntakes.values.allSatisfy { $0 == 0 } }
    }

    @Test func `says what came of it`() async throws {
        let id = try await makeCampaign(endpoint)
        let answer = try await stream(
            id,
            Array("\u{FEFF}bonnie\r\nrong\n\nbonnie\n\u{1}\nlast".utf8)
        )
        #expect(answer.status == 200)
        #expect(
            answer.text == #"{"accepted":3,"duplicates":1,"invalid":1,"invalid_examples":"#
                + #"[{"line":5,"reason":"an account holds no control characters"}],"total":3}"#
        )
        #expect(intakesAreClosed())
    }

    @Test func `takes an empty stream and JSON lines`() async throws {
        let id = try await makeCampaign(endpoint)
        let lines = Array("\"a\"\n{\"account\":\"b\"}\n".utf8)
        #expect(
            try await stream(id, lines, type: "application/x-ndjson").json()["accepted"]?.integer
                == 2
        )
        let empty = try await stream(id, [])
        #expect(empty.status == 200)
        #expect(try empty.json()["accepted"]?.integer == 0)
        #expect(try empty.json()["total"]?.integer == 2)
    }

    @Test func `takes a table in CSV`() async throws {
        let id = try await makeCampaign(endpoint)
        let table = Array("name,account\nx,\"a,1\"\ny,b\n".utf8)
        let answer = try await stream(id, table, type: "text/csv; header=present")
        #expect(try answer.json()["accepted"]?.integer == 2)
        let path = "/v1/campaigns/\(id)/recipients/a%2C1"
        #expect(try await exchange(.get, path, endpoint: endpoint).status == 200)
    }

    @Test func `inflates gzip of several members`() async throws {
        let id = try await makeCampaign(endpoint)
        let bytes = gzip(Array("a\nb".utf8)) + gzip(Array("c\nd\n".utf8))
        let answer = try await stream(id, bytes, headers: [.contentEncoding: "gzip"])
        #expect(try answer.json()["accepted"]?.integer == 3)
        #expect(
            try await exchange(.get, "/v1/campaigns/\(id)/recipients/bc", endpoint: endpoint).status
                == 200
        )
    }

    @Test func `keeps what it read of broken gzip and says so`() async throws {
        let id = try await makeCampaign(endpoint)
        let bytes = gzip(Array("a\nb\n".utf8)) + Array("garbage".utf8)
        let answer = try await stream(id, bytes, headers: [.contentEncoding: "gzip"])
        #expect(answer.status == 400)
        #expect(try answer.slug() == "broken-stream")
        #expect(try answer.json()["intake"]?["accepted"]?.integer == 2)
        #expect(service.state.withLock { $0.recipients.values.first?.count } == 2)
        #expect(intakesAreClosed())
    }

    @Test func `goes into a draft only`() async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let answer = try await stream(id, Array("b\n".utf8))
        #expect(answer.status == 409)
        #expect(try answer.json()["state"]?.string == "running")
    }

    @Test func `refuses other types and encodings`() async throws {
        let id = try await makeCampaign(endpoint)
        let type = try await stream(id, [], type: "application/json")
        #expect(type.status == 415)
        #expect(type.headers[.accept]?.contains("text/plain") == true)
        let coding = try await stream(id, [], headers: [.contentEncoding: "br"])
        #expect(coding.status == 415)
        #expect(coding.headers[.acceptEncoding] == "gzip, identity")
    }

    @Test func `answers 507 when the store is full, and ends the intake`() async throws {
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.queueError = .full("the disk is full") }
        let answer = try await stream(id, Array("a\n".utf8))
        #expect(answer.status == 507)
        #expect(answer.headers[.retryAfter] != nil)
        #expect(intakesAreClosed())
    }

    @Test func `tells what was stored before the store was full`() async throws {
        let id = try await makeCampaign(endpoint)
        service.state.withLock { $0.faultAfterRun = .full("the disk is full") }
        let answer = try await stream(id, Array("a\nb\na\n".utf8))
        #expect(answer.status == 507)
        let intake = try answer.json()["intake"]
        #expect(intake?["accepted"]?.integer == 2)
        #expect(intake?["duplicates"]?.integer == 1)
        #expect(intake?["total"]?.integer == 2)
        #expect(intakesAreClosed())
    }

    @Test func `is written in runs that fit the memory it may have`() async throws {
        var configuration = makeConfiguration()
        configuration.intakeMemoryLimit = 1 << 20
        let small = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        let lines = (0..<200_000).map { "account-\($0)\n" }.joined()
        let answer = try await stream(id, Array(lines.utf8), endpoint: small)
        #expect(try answer.json()["accepted"]?.integer == 200_000)
        let sizes = service.state.withLock { $0.runSizes }
        #expect(sizes.count > 3)
        // 18 bytes of an account and 4 of its offset: no run is over the whole budget.
        #expect((sizes.max() ?? 0) * 18 < 1 << 20)
    }

    /// Streams so many accounts, whose runs have at most 256 KiB.
    private func streamLong(_ bytes: [UInt8], headers: HTTPFields = [:]) async throws -> Answer {
        var configuration = makeConfiguration()
        configuration.intakeMemoryLimit = 1 << 20
        let small = makeEndpoint(service, configuration: configuration)
        let id = try await makeCampaign(endpoint)
        return try await stream(id, bytes, headers: headers, endpoint: small)
    }

    private let manyLines = Array((0..<100_000).map { "account-\($0)\n" }.joined().utf8)

    @Test(arguments: [(room: 100, runs: 1...1), (room: 2, runs: 2...5), (room: 0, runs: 3...3)])
    func `is set aside as long as there is room, and stored as one run`(
        room: Int,
        runs: ClosedRange<Int>
    ) async throws {
        service.state.withLock { $0.spillRoom = room }
        let answer = try await streamLong(manyLines + Array("account-7\n".utf8))
        #expect(answer.status == 200)
        #expect(try answer.json()["accepted"]?.integer == 100_000)
        #expect(try answer.json()["duplicates"]?.integer == 1)
        #expect(try answer.json()["total"]?.integer == 100_000)
        #expect(runs.contains(service.state.withLock { $0.runSizes.count { $0 > 0 } }))
    }

    @Test func `is stored though nothing follows the last run that was set aside`() async throws {
        service.state.withLock { $0.spillRoom = 100 }
        // Accounts of eight bytes, of twelve with their offsets: as many as make a run, and no more.
        let count = (1 << 20) / 8 * 5 / 12 + 1
        let lines = (0..<count).map { "\(10_000_000 + $0)\n" }.joined()
        let blank = [UInt8](repeating: 0x0A, count: 50_000)
        let answer = try await streamLong(Array(lines.utf8) + blank)
        #expect(answer.status == 200)
        #expect(try answer.json()["accepted"]?.integer == count)
        #expect(service.state.withLock { $0.runSizes } == [count])
    }

    @Test func `is stored as far as it was read if it breaks, also what was set aside`()
        async throws
    {
        service.state.withLock { $0.spillRoom = 100 }
        let answer = try await streamLong(
            gzip(manyLines) + Array("garbage".utf8),
            headers: [.contentEncoding: "gzip"]
        )
        #expect(answer.status == 400)
        #expect(try answer.json()["intake"]?["accepted"]?.integer == 100_000)
        #expect(intakesAreClosed())
    }

    @Test(arguments: [0, 2])
    func `counts what was stored of what was set aside before the store was full`(
        room: Int
    ) async throws {
        service.state.withLock { $0.spillRoom = room }
        service.state.withLock { $0.faultAfterRun = .full("the disk is full") }
        let answer = try await streamLong(manyLines)
        #expect(answer.status == 507)
        let accepted = try answer.json()["intake"]?["accepted"]?.integer
        let stored = service.state.withLock { $0.recipients.values.first?.count }
        #expect(accepted == stored && (stored ?? 0) > 0)
        #expect(intakesAreClosed())
    }
}

@Suite struct `Asking for recipients` {
    private let service = FakeService()
    private var endpoint: Endpoint { makeEndpoint(service) }

    private func makeRecipients() async throws -> String {
        let id = try await makeCampaign(endpoint, recipients: ["a", "b,\\\"c", "d/e", "f", "g"])
        let key = try #require(Campaign.ID(id))
        service.state.withLock { state in
            func update(_ name: String, _ change: (inout Recipient) -> Void) {
                guard var recipient = state.recipients[key]?[Account(name)] else { return }
                change(&recipient)
                state.recipients[key]?[Account(name)] = recipient
            }
            update("a") {
                ($0.status, $0.code, $0.messageKey, $0.attempts) = (.sent, 0, "key-1", 1)
            }
            update("f") { ($0.status, $0.code, $0.attempts) = (.failed, 70_107, 1) }
            update("g") {
                ($0.status, $0.info, $0.attempts) = (.retrying, "timeout", 2)
                $0.nextAttemptAt = FakeService.start.advanced(by: .seconds(5))
            }
        }
        return id
    }

    @Test func `shows one, its name percent-encoded`() async throws {
        let id = try await makeRecipients()
        let path = "/v1/campaigns/\(id)/recipients"
        let sent = try await exchange(.get, "\(path)/a", endpoint: endpoint)
        #expect(
            sent.text == #"{"account":"a","status":"sent","code":0,"info":null,"attempts":1,"#
                + #""msg_key":"key-1","updated_at":"2025-11-11T01:30:00.000Z","#
                + #""next_attempt_at":null,"recall":null,"recall_code":null}"#
        )
        let slash = try await exchange(.get, "\(path)/d%2Fe", endpoint: endpoint)
        #expect(try slash.json()["account"]?.string == "d/e")
        let failed = try await exchange(.get, "\(path)/%66", endpoint: endpoint)
        #expect(try failed.json()["info"]?.string == "no such account")
        for unknown in ["nobody", "%FF", String(repeating: "x", count: 33)] {
            let answer = try await exchange(.get, "\(path)/\(unknown)", endpoint: endpoint)
            #expect(answer.status == 404)
        }
    }

    @Test(arguments: [1, 2, 100])
    func `pages through all, whatever pages the store makes`(storePage: Int) async throws {
        let id = try await makeRecipients()
        service.state.withLock { $0.pageLimit = storePage }
        var seen: [String] = []
        var cursor: String?
        var pages = 0
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await exchange(
                .get,
                "/v1/campaigns/\(id)/recipients?limit=2\(place)",
                endpoint: endpoint
            ).json()
            seen += page["items"]?.elements?.compactMap { $0["account"]?.string } ?? []
            cursor = page["next_cursor"]?.string
            pages += 1
        } while cursor != nil
        #expect(seen == ["a", "b,\"c", "d/e", "f", "g"])
        #expect(pages == 3)
    }

    @Test func `filters by status and code, repeated`() async throws {
        let id = try await makeRecipients()
        let path = "/v1/campaigns/\(id)/recipients"
        let rows = [
            ("status=sent&status=failed", ["a", "f"]), ("code=70107", ["f"]),
            ("code=0&code=70107&status=sent", ["a"]), ("status=expired", []),
        ]
        for (query, accounts) in rows {
            let page = try await exchange(.get, "\(path)?\(query)", endpoint: endpoint).json()
            #expect(page["items"]?.elements?.compactMap { $0["account"]?.string } == accounts)
            #expect(page["next_cursor"]?.isNull == true)
        }
        for query in ["status=gone", "code=x", "account=a", "recall=null"] {
            #expect(try await exchange(.get, "\(path)?\(query)", endpoint: endpoint).status == 400)
        }
    }

    @Test(arguments: [
        ("recall=missing", ["c"]), ("recall=queued&recall=missing", ["b", "c"]),
        ("recall=failed", []), ("recall=recalled&status=sent", ["a"]),
        ("recall=recalled&status=failed", []), ("", ["a", "b", "c", "d"]),
    ])
    func `filters by what a recall came to, and shows it in every form`(
        query: String,
        accounts: [String]
    ) async throws {
        let id = try await makeCampaign(endpoint, recipients: ["a", "b", "c", "d"])
        let key = try #require(Campaign.ID(id))
        let recalls: [(String, Recipient.Recall, Int?)] = [
            ("a", .recalled, 0), ("b", .queued, nil), ("c", .missing, 20_022),
        ]
        service.state.withLock { state in
            for (name, recall, code) in recalls {
                state.recipients[key]?[Account(name)]?.status = .sent
                state.recipients[key]?[Account(name)]?.recall = recall
                state.recipients[key]?[Account(name)]?.recallCode = code
            }
        }
        let path = "/v1/campaigns/\(id)/recipients?\(query)"
        let items = try await exchange(.get, path, endpoint: endpoint).json()["items"]
        #expect(items?.elements?.compactMap { $0["account"]?.string } == accounts)
        for item in items?.elements ?? [] {
            let row = recalls.first { $0.0 == item["account"]?.string }
            #expect(item["recall"]?.string == row?.1.rawValue)
            #expect(item["recall_code"]?.integer == row?.2)
        }
        let csv = try await exchange(
            .get,
            path,
            headers: [.accept: "text/csv"],
            endpoint: endpoint
        )
        let ends = recalls.filter { accounts.contains($0.0) }.map { row in
            ",\(row.1.rawValue),\(row.2.map { "\($0)" } ?? "")"
        }
        let rows = csv.text.components(by: "\r\n").dropFirst().dropLast()
        #expect(rows.count == accounts.count)
        #expect(zip(rows, ends).allSatisfy { $0.hasSuffix($1) })
    }

    @Test func `exports all as CSV and as JSON lines`() async throws {
        let id = try await makeRecipients()
        service.state.withLock { $0.pageLimit = 2 }
        let path = "/v1/campaigns/\(id)/recipients"
        let csv = try await exchange(
            .get,
            path,
            headers: [.accept: "text/csv"],
            endpoint: endpoint
        )
        let time = "2025-11-11T01:30:00.000Z"
        #expect(
            csv.text.components(by: "\r\n") == [
                "account,status,code,info,attempts,msg_key,updated_at,next_attempt_at,recall,"
                    + "recall_code",
                "a,sent,0,,1,key-1,\(time),,,", "\"b,\"\"c\",queued,,,0,,\(time),,,",
                "d/e,queued,,,0,,\(time),,,",
                "f,failed,70107,no such account,1,,\(time),,,",
                "g,retrying,,timeout,2,,\(time),2025-11-11T01:30:05.000Z,,", "",
            ]
        )
        let lines = try await exchange(
            .get,
            path,
            headers: [.accept: "application/x-ndjson"],
            endpoint: endpoint
        )
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        #expect(lines.text.components(by: "\n").count == 6)
    }

    @Test(arguments: [
        ("text/html", 406), ("*/*", 200), ("text/*", 200), ("application/json;q=0", 406),
        ("text/html, application/*;q=0.1", 200),
    ])
    func `come in a form that the client takes`(accept: String, status: Int) async throws {
        let id = try await makeRecipients()
        let answer = try await exchange(
            .get,
            "/v1/campaigns/\(id)/recipients",
            headers: [.accept: accept],
            endpoint: endpoint
        )
        #expect(answer.status == status)
    }
}

extension String {
    /// The text between separators, empty parts too.
    fileprivate func components(by separator: Character) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
