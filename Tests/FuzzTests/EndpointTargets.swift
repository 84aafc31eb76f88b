import DeliveryCore
import DeliveryEngine
import Foundation
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import TencentIM
import Testing

// What clients send to the daemon's own endpoint.
extension FuzzTests {
    private static let message =
        #"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#

    private static let campaigns = Mutator(
        [
            #"{"name":"Singles' Day","message":\#(message),"recipients":["bonnie","\u5929"],"#
                + #""start":true,"priority":"high","messages_per_minute":600,"on_unknown":"leave","#
                + #""start_at":"2025-11-12T09:30:00+08:00","expires_at":"2026-01-01T00:00:00.5Z"}"#,
            #"{"message":\#(message)}"#, #"{"message":\#(message),"start":false,"start_at":null}"#,
        ],
        tokens: [
            "\"0000-01-01T00:00:00+01:00\"", "\"9999-12-31T23:59:59-01:00\"", "\"2026-02-29\"",
            "\"low\"", "\"resend\"", "\"name\":\"\\u0000\",", "\"recipients\":[],", "12000",
            "12001",
            "\"a~b/c\":1,", "\"\":0,", "\"" + String(repeating: "x", count: 201) + "\"",
        ]
    )

    @Test func `a campaign is made as its document says, or each fault has its place`()
        async throws
    {
        let counter = Counter()
        try await fuzz("campaign documents", inputs: 600) { trial in
            let input = Self.campaigns.document(&trial)
            trial.input = input
            let answer = try await Self.post(input, "/v1/campaigns", counter, &trial)
            guard answer.status == 201 else { return }
            guard let made = counter.desk.notes.withLock({ $0.created }) else {
                return trial.expect(false, "201 and nothing was made")
            }
            let given = try JSON(parsing: input)
            let accounts = given["recipients"]?.elements?.compactMap(\.stringBytes) ?? []
            let run = made.recipients
            trial.expect(run.map(\.bytes) == accounts, "other recipients")
            trial.expect(accounts.allSatisfy { UserIDs().fault(in: $0) == nil }, "bad recipients")
            trial.expect(made.name == given["name"]?.string ?? "", "another name")
            trial.expect(made.name.utf8.count <= 200, "a long name")
            let sent = try JSON(parsing: made.message.json)
            trial.expect(given["message"].map { Value($0) } == Value(sent), "another message")
            let cap = made.settings.messagesPerMinute
            trial.expect(cap == given["messages_per_minute"]?.integer, "another cap")
            trial.expect(cap.map { (1...12_000).contains($0) } ?? true, "the cap is \(cap ?? 0)")
            trial.expect(made.settings.expiresAt.map { $0 > Desk.now } ?? true, "it has expired")
            trial.expect(!made.start || !accounts.isEmpty, "it starts with nobody")
            let shown = try JSON(parsing: answer.body)
            for (name, time) in [
                ("start_at", made.settings.startAt), ("expires_at", made.settings.expiresAt),
            ] {
                let again = shown[name]?.string.flatMap { Timestamp(rfc3339: $0) }
                trial.expect(again == time, "\(name) is shown as \(shown[name]?.string ?? "null")")
            }
        }
    }

    private static let others: [(path: String, mutator: Mutator)] = [
        (
            "/v1/plan",
            Mutator([
                #"{"message":\#(message),"recipients":["a","b"]}"#,
                #"{"message":\#(message),"count":1000000,"mean_account_bytes":20.5}"#,
            ])
        ),
        (
            "/v1/campaigns/\(Desk.draft.id)/retry",
            Mutator(
                [#"{"status":["failed","unknown","suppressed"],"codes":[70169,-1]}"#, "{}", ""],
                tokens: ["\"failed\"", "\"sent\"", "\"suppressed\""]
            )
        ),
        (
            "/v1/campaigns/\(Desk.draft.id)/recall",
            Mutator([#"{"calls_per_second":20}"#, #"{"calls_per_second":null}"#, "{}", ""])
        ),
        (
            "/v1/campaigns/\(Desk.draft.id)",
            Mutator(
                [
                    #"{"name":"n","priority":"low","messages_per_minute":null,"#
                        + #""expires_at":"2026-01-01T00:00:00Z","start_at":null}"#, "{}",
                ],
                tokens: ["\"9999-12-31T23:59:59-01:00\"", "null"]
            )
        ),
    ]

    @Test func `plans, retries, recalls and patches are read or refused`() async throws {
        let counter = Counter()
        try await fuzz("other documents", inputs: 500) { trial in
            let (path, mutator) = trial.pick(Self.others)
            let input = mutator.document(&trial)
            trial.input = input
            let answer = try await Self.post(input, path, counter, &trial)
            if path == "/v1/plan", answer.status == 200 {
                let plan = try JSON(parsing: answer.body)
                let largest = plan["largest_packet_bytes"]?.integer ?? 0
                trial.expect((1...12_000).contains(largest), "a packet of \(largest) bytes")
                let batch = plan["largest_batch_accounts"]?.integer ?? 0
                trial.expect((1...500).contains(batch), "a batch of \(batch)")
            }
            switch counter.desk.notes.withLock({ $0.change }) {
            case .retry(let filter):
                let isOfSomebody = filter.failed || filter.unknown || filter.suppressed
                trial.expect(isOfSomebody, "nobody's retry")
            case .patch(let patch):
                trial.expect((patch.name ?? "").utf8.count <= 200, "a long name")
                let cap = (patch.messagesPerMinute ?? nil) ?? 1
                trial.expect((1...12_000).contains(cap), "a cap of \(cap)")
            case .startJob(_, let rate): trial.expect((1...100).contains(rate ?? 1), "a rate")
            case .transition, .delete, .stopJob, nil: break
            }
        }
    }

    /// Sends a document whole and in pieces, which must come to the same, and checks the answer.
    private static func post(
        _ input: [UInt8],
        _ path: String,
        _ counter: Counter,
        _ trial: inout Trial
    ) async throws -> Counter.Answer {
        let method: HTTPRequest.Method = path.hasSuffix("\(Desk.draft.id)") ? .patch : .post
        let headers: [HTTPField.Name: String] = [.contentType: "application/json"]
        let pieces = trial.pieces(of: input)
        let cut = try await counter.answer(method, path, headers: headers, body: pieces)
        counter.desk.notes.withLock { $0 = Desk.Notes() }
        let answer = try await counter.answer(method, path, headers: headers, body: [input[...]])
        trial.expect(answer == cut, "cut as \(pieces.map(\.count)) it is answered differently")
        check(answer, &trial)
        if answer.status == 422 { try checkPlaces(answer, of: input, &trial) }
        return answer
    }

    private static let statuses: Set = [
        200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 431,
    ]

    /// Every refusal is a problem that says its status, and none is the daemon's own fault.
    private static func check(_ answer: Counter.Answer, _ trial: inout Trial) {
        trial.expect(statuses.contains(answer.status), "the status is \(answer.status)")
        guard answer.status >= 300 else { return }
        trial.expect(answer.type == "application/problem+json", "it is \(answer.type)")
        do {
            let problem = try JSON(parsing: answer.body)
            trial.expect(problem["status"]?.integer == answer.status, "it says another status")
            trial.expect(problem["detail"]?.string?.isEmpty == false, "it has no detail")
        } catch {
            trial.expect(false, "the problem is no JSON: \(error)")
        }
    }

    /// Every fault lies in the document, or is missing from an object that does.
    private static func checkPlaces(
        _ answer: Counter.Answer,
        of input: [UInt8],
        _ trial: inout Trial
    ) throws {
        let given = input.isEmpty ? nil : try JSON(parsing: input)
        let errors = try JSON(parsing: answer.body)["errors"]?.elements ?? []
        trial.expect(!errors.isEmpty, "422 without a place")
        for error in errors {
            let pointer = error["pointer"]?.string ?? "?"
            var place = given
            for part in pointer.split(separator: "/", omittingEmptySubsequences: false)
                .dropFirst().dropLast()
            {
                let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
                place = Int(name).flatMap { place?.elements?[$0] } ?? place?[String(name)]
            }
            trial.expect(place != nil, "the fault's place \(pointer) is nowhere")
        }
    }

    private static let queries = Mutator(
        [
            "/v1/campaigns?state=running&state=draft&limit=10",
            "/v1/campaigns?cursor=\(Cursor.campaign(Desk.draft.id).text)",
            "/v1/campaigns/\(Desk.draft.id)/recipients?status=failed&code=70107&limit=1000",
            "/v1/campaigns/\(Desk.draft.id)/recipients?cursor=\(Cursor.account(Account("天")).text)",
            "/v1/campaigns/\(Desk.draft.id)/recipients/a%2Fb%20%E5%A4%A9", "/v1/quota", "/healthz",
            "/v1/events?campaign=x", "/v1/events?snapshot=false&message=false", "/app.js",
            "/v1/campaigns?name=n&message=false", "/v1/history?minutes=60", "/v1/session",
            "/v1/campaigns/\(Desk.draft.id)/explain", "/v1/suppressions?limit=10",
            "/v1/suppressions?cursor=\(Cursor.account(Account("天")).text)",
            "/v1/suppressions/a%2Fb%20%E5%A4%A9",
        ],
        tokens: [
            "minutes=", "true", "false", "limit=", "&limit=1", "cursor=", "state=expired", "%2F",
            "%25", "%E5", "..", "//",
        ]
    )

    @Test func `paths and queries are understood or refused`() async throws {
        let counter = Counter()
        try await fuzz("queries", inputs: 1_000) { trial in
            let input = Self.queries.input(&trial)
            trial.input = input
            counter.desk.notes.withLock { $0 = Desk.Notes() }
            let answer = try await counter.answer(.get, String(decoding: input, as: UTF8.self))
            Self.check(answer, &trial)
            let limit = counter.desk.notes.withLock { $0.limit }
            trial.expect(limit.map { (1...1_001).contains($0) } ?? true, "a limit of \(limit ?? 0)")
            if answer.status == 200, answer.type.hasPrefix("application/json") {
                do { _ = try JSON(parsing: answer.body) } catch {
                    trial.expect(false, "the answer is no JSON: \(error)")
                }
            }
        }
    }

    private static let heads = Mutator(
        [
            "localhost", "localhost:8480", "127.0.0.1:8480", "[::1]:8480", "::1", "LOCALHOST.",
            "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80",
        ],
        tokens: [".", ":", "]", "[", "127", "@", "evil", "[::1]", "localhost", "+1", "-0", "00"]
    )

    @Test func `only this machine's names come in, and only with the token`() async throws {
        let counter = Counter()
        let tokens = Mutator(["Bearer \(Counter.token)", "bearer  x", "Basic YTpi", ""])
        let name = #/(?i:localhost|127(\.\d+){3}|::1|\[::1\])\.?(:\d*)?/#
        try await fuzz("hosts and tokens", inputs: 800) { trial in
            // No server lets control characters so far, and a header's value has no blanks around it.
            let input = Self.heads.input(&trial).filter { $0 > 0x20 && $0 != 0x7F }
            trial.input = input
            let host = String(decoding: input, as: UTF8.self)
            let open = try await counter.answer(.get, "/healthz", host: host)
            Self.check(open, &trial)
            trial.expect(
                open.status != 200 || host.wholeMatch(of: name) != nil,
                "this host comes in"
            )
            let token = tokens.input(&trial)
            trial.input += [0x0A] + token
            let text = String(decoding: token, as: UTF8.self)
            let answer = try await counter.answer(.get, "/v1/quota", authorization: text)
            Self.check(answer, &trial)
            let words = text.split(separator: " ", omittingEmptySubsequences: false)
            let isGood =
                words.count == 2 && words[0].lowercased() == "bearer" && words[1] == Counter.token
            // White space at its ends is no part of a header's value.
            trial.expect(
                answer.status != 200 || isGood || text.contains(Counter.token),
                "this token comes in"
            )
            trial.expect(answer.status == 200 || !isGood, "the token is refused")
        }
    }

    private static let forms = Mutator(
        [
            "access_token=\(Counter.token)&status=failed&code=70107&format=csv",
            "access_token=\(Counter.token)&status=failed,unknown&code=1,2&format=ndjson",
            "status=&code=&access_token=\(Counter.token)", "access_token=", "",
        ],
        tokens: ["&", "=", "+", "%2C", ",", "%", "access_token=", "status=sent", "code=-1", "\0"]
    )

    @Test func `forms are understood or refused, and only with the token`() async throws {
        let counter = Counter()
        try await fuzz("forms", inputs: 500) { trial in
            let input = Self.forms.input(&trial)
            trial.input = input
            let path = "/v1/campaigns/\(Desk.draft.id)/export"
            let headers: [HTTPField.Name: String] = [
                .contentType: "application/x-www-form-urlencoded"
            ]
            func ask(_ pieces: [ArraySlice<UInt8>]) async throws -> Counter.Answer {
                try await counter.answer(
                    .post,
                    path,
                    authorization: nil,
                    headers: headers,
                    body: pieces
                )
            }
            let answer = try await ask([input[...]])
            Self.check(answer, &trial)
            let text = String(decoding: input, as: UTF8.self)
            trial.expect(
                answer.status != 200 || text.contains("access_token="),
                "it comes in without a token"
            )
            let whole = "access_token=\(Counter.token)"
            let isPlain = !text.contains("%") && !text.contains("+")
            trial.expect(
                answer.status != 200 || !isPlain
                    || text.split(separator: "&").contains { $0 == whole },
                "it comes in with another token"
            )
            trial.expect(
                try await ask(trial.pieces(of: input)) == answer,
                "cut, it is another form"
            )
        }
    }

    private static let types = Mutator(
        [
            "application/json", "application/json; charset=utf-8", "text/csv;q=0.5, */*;q=0.1",
            "text/*", "application/x-ndjson", "*/*", "application/json;q=0", "gzip", "identity", "",
        ],
        tokens: [";", ",", "q=", "q=nan", "q=-1", "charset=\"utf-8\"", "/", "*"]
    )

    @Test func `media types are understood or refused`() async throws {
        let counter = Counter()
        try await fuzz("media types", inputs: 500) { trial in
            let input = (0..<3).map { _ in Self.types.input(&trial) }
            trial.input = Array(input.joined(separator: [0x0A]))
            let texts = input.map { String(decoding: $0, as: UTF8.self) }
            let read = try await counter.answer(
                .get,
                "/v1/campaigns/\(Desk.draft.id)/recipients",
                headers: [.accept: texts[0]]
            )
            Self.check(read, &trial)
            let written = try await counter.answer(
                .post,
                "/v1/campaigns/\(Desk.draft.id)/recipients",
                headers: [.contentType: texts[1], .contentEncoding: texts[2]],
                body: [Array("a\nb\n".utf8)[...]]
            )
            Self.check(written, &trial)
            let list = try await counter.answer(
                .post,
                "/v1/suppressions",
                headers: [.contentType: texts[1], .contentEncoding: texts[2]],
                body: [Array("a\nb\n".utf8)[...]]
            )
            trial.expect(list == written, "the suppression list takes another form")
            let open = counter.desk.notes.withLock { $0.openIntakes }
            trial.expect(open == 0, "an intake stays open")
        }
    }

    @Test func `an export reads back, as a sheet and as recipients`() async throws {
        let counter = Counter()
        let texts = ["", "timeout", "a,b", "say \"hi\"", "two\nlines\r\n", " edge ", "天", "'"]
        let names = ["a", "a,b", "\"", "x y", " ", "天", "account", "é\"", "-1", "'"]
        try await fuzz("exports", inputs: 200) { trial in
            let rows = (0..<trial.number(0...5)).map { _ in
                Recipient(
                    account: Account(trial.pick(names)),
                    status: trial.pick(Recipient.Status.allCases),
                    code: trial.pick([nil, 0, 70_107, -5]),
                    info: trial.pick([nil] + texts),
                    attempts: trial.number(0...9),
                    messageKey: trial.pick([nil] + texts),
                    updatedAt: Timestamp(milliseconds: Int64(trial.number(0...2_000_000_000_000))),
                    recall: trial.pick([nil] + Recipient.Recall.allCases),
                    recallCode: trial.pick([nil, 0, 20_022])
                )
            }
            counter.desk.notes.withLock { $0.rows = rows }
            let path = "/v1/campaigns/\(Desk.draft.id)/recipients"
            let csv = try await counter.answer(.get, path, headers: [.accept: "text/csv"])
            trial.input = csv.body
            let sheet = Sheet.parse(csv.body).map { $0.map { String(decoding: $0, as: UTF8.self) } }
            trial.expect(sheet.allSatisfy { $0.count == 10 }, "a row of another width")
            trial.expect(sheet.dropFirst().map { $0[0] } == rows.map(\.account.text), "accounts")
            trial.expect(
                sheet.dropFirst().map { $0[5] } == rows.map { $0.messageKey ?? "" },
                "keys"
            )
            trial.expect(
                sheet.dropFirst().map { $0[8] } == rows.map { $0.recall?.rawValue ?? "" },
                "recalls"
            )
            var table: any AccountReader = AccountTable(rules: UserIDs())
            unsafe csv.body.withUnsafeBytes { unsafe table.read($0) }
            table.finish()
            trial.expect(table.run == AccountRun(rows.map(\.account)), "others are read back")
            let json = try await counter.answer(
                .get,
                path,
                headers: [.accept: "application/x-ndjson"]
            )
            var lines: any AccountReader = AccountLines(form: .ndjson, rules: UserIDs())
            unsafe json.body.withUnsafeBytes { unsafe lines.read($0) }
            lines.finish()
            trial.expect(lines.run == table.run, "NDJSON has others")
        }
    }

    private static let times = Mutator([
        "2025-11-11T09:30:00+08:00", "0000-01-01T00:30:00Z", "9999-12-31T23:59:60.999-01:00",
        "2024-02-29t23:59:59.1234567z",
    ])

    @Test func `a time reads back as it was written, and nothing else is one`() async throws {
        let form =
            #/\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)/#.asciiOnlyDigits()
        try await fuzz("times", inputs: 2_000) { trial in
            let input = Self.times.input(&trial)
            trial.input = input
            let text = String(decoding: input, as: UTF8.self)
            guard let time = Timestamp(rfc3339: text) else { return }
            trial.expect(text.wholeMatch(of: form) != nil, "it has another form")
            let written = time.rfc3339
            trial.expect(written.utf8.count == 24, "it is written \(written)")
            trial.expect(Timestamp(rfc3339: written) == time, "\(written) is another time")
        }
    }

    private static let marks = Mutator(
        [
            Cursor.campaign(Desk.draft.id).text, Cursor.account(Account("天")).text,
            "\(Desk.draft.id)",
        ],
        tokens: ["A", "AQ", "Ag", "=", "_"]
    )

    @Test func `a cursor or an id has one spelling`() async throws {
        try await fuzz("cursors", inputs: 2_000) { trial in
            let input = Self.marks.input(&trial)
            trial.input = input
            let text = String(decoding: input, as: UTF8.self)
            if let cursor = Cursor(text) {
                trial.expect(cursor.text.utf8.elementsEqual(text.utf8), "also \(cursor.text)")
                if case .account(let account) = cursor {
                    trial.expect(Account.fault(in: account.bytes) == nil, "it holds no account")
                }
            }
            if let id = Campaign.ID(text) {
                trial.expect(id.description.utf8.elementsEqual(text.utf8), "also \(id)")
            }
        }
    }
}
