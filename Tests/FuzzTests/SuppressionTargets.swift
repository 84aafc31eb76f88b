import DeliveryCore
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import TencentIM
import Testing

// The list of accounts that must not be addressed, as clients fill it and as it leaves.
extension FuzzTests {
    private static let paths = Mutator(
        ["bonnie", "a%2Fb%20%E5%A4%A9", "%00", "%FF", "..", String(repeating: "x", count: 33)],
        tokens: ["%2F", "%25", "%E5%A4%A9", "%C2%80", ".", "?", "//", "%"]
    )

    private static let reasons = Mutator(
        [
            #"{"reason":"opted out by mail"}"#, #"{"reason":null}"#, "{}", "",
            #"{"reason":"\#(String(repeating: "x", count: 201))"}"#,
        ],
        tokens: ["\"reason\":1", "\"\\u0000\"", "\"\\u0085\"", "\"天\""]
    )

    @Test func `an account is suppressed byte for byte, with a short reason, or refused`()
        async throws
    {
        let counter = Counter()
        try await fuzz("suppressions", inputs: 800) { trial in
            let path = Self.paths.input(&trial)
            let body = Self.reasons.document(&trial)
            trial.input = path + [0x0A] + body
            counter.desk.notes.withLock { $0 = Desk.Notes() }
            let segment = String(decoding: path, as: UTF8.self)
            let uri = "/v1/suppressions/\(segment)"
            let headers: [HTTPField.Name: String] = [.contentType: "application/json"]
            let answer = try await counter.answer(.put, uri, headers: headers, body: [body[...]])
            let made = counter.desk.notes.withLock { $0.suppressions.first }
            trial.expect((answer.status == 200) == (made != nil), "\(answer.status)")
            trial.expect([200, 400, 404, 405, 422].contains(answer.status), "\(answer.status)")
            guard let made else { return }
            trial.expect(UserIDs().fault(in: made.account.bytes) == nil, "a bad account")
            trial.expect((made.reason ?? "").utf8.count <= 200, "a long reason")
            let given = body.isEmpty ? nil : try JSON(parsing: body)["reason"]?.string
            trial.expect(made.reason == given, "another reason")
            let shown = try JSON(parsing: answer.body)
            trial.expect(shown["account"]?.stringBytes == made.account.bytes, "another account")
            let again = try await counter.answer(.get, uri)
            trial.expect(again == answer, "it is shown as something else")
            let removal = try await counter.answer(.delete, uri)
            trial.expect(removal.status == 204, "it stays")
        }
    }

    @Test func `an exported list reads back, as a sheet and as a stream`() async throws {
        let counter = Counter()
        let reasons = ["", "by law", "a,b", "say \"hi\"", " edge ", "天", "'"]
        let names = ["a", "a,b", "\"", "x y", " ", "天", "account", "é\"", "-1", "'"]
        try await fuzz("exported suppressions", inputs: 200) { trial in
            let list = (0..<trial.number(0...5)).map { _ in
                Suppression(
                    account: Account(trial.pick(names)),
                    reason: trial.pick([nil] + reasons),
                    createdAt: Timestamp(milliseconds: Int64(trial.number(0...2_000_000_000_000)))
                )
            }
            counter.desk.notes.withLock { $0.suppressions = list }
            let path = "/v1/suppressions"
            let csv = try await counter.answer(.get, path, headers: [.accept: "text/csv"])
            trial.input = csv.body
            let sheet = Sheet.parse(csv.body).map { $0.map { String(decoding: $0, as: UTF8.self) } }
            trial.expect(sheet.first == ["account", "reason", "created_at"], "another header")
            let rows = list.map { [$0.account.text, $0.reason ?? "", $0.createdAt.rfc3339] }
            trial.expect(Array(sheet.dropFirst()) == rows, "other rows")
            for (type, accept) in [("text/csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
                let out = try await counter.answer(.get, path, headers: [.accept: accept])
                counter.desk.notes.withLock { $0.taken = AccountRun() }
                let taken = try await counter.answer(
                    .post,
                    path,
                    headers: [.contentType: accept],
                    body: trial.pieces(of: out.body)
                )
                trial.expect(taken.status == 200, "\(type) isn't read back")
                let run = counter.desk.notes.withLock { $0.taken }
                trial.expect(run == AccountRun(list.map(\.account)), "\(type) has others")
            }
        }
    }
}
