import DeliveryCore
import JSON
import TencentIM
import TestSupport
import Testing

private let asked = [Account("a"), Account("b"), Account("c\"")]

private func outcome(_ items: String) -> CheckOutcome {
    let body = #"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ResultItem":[\#(items)]}"#
    return AccountCheck(identifiers: asked.map(\.bytes)).outcome(of: Array(body.utf8))
}

private func item(_ name: String, _ status: String, code: Int = 0) -> String {
    #"{"UserID":"\#(name)","ResultCode":\#(code),"ResultInfo":"","AccountStatus":"\#(status)"}"#
}

@Test func `a question lists its accounts, at most a hundred`() throws {
    let all = AccountCheck.all(of: (0..<250).map { Account("user-\($0)") })
    #expect(all.map(\.identifiers.count) == [100, 100, 50])
    let check = AccountCheck(identifiers: asked.map(\.bytes))
    #expect(
        String(decoding: check.body, as: UTF8.self)
            == #"{"CheckItem":[{"UserID":"a"},{"UserID":"b"},{"UserID":"c\""}]}"#
    )
}

@Test func `who isn't imported is missing, and who isn't known of is unclear`() {
    let whole = [item("a", "NotImported"), item("b", "Imported"), item(#"c\""#, "Imported")]
    #expect(outcome(whole.joined(separator: ",")) == .answered(missing: [asked[0]], unclear: []))
    let odd = [item("a", "NotImported", code: 70_107), item("b", "Else"), item("z", "NotImported")]
    #expect(outcome(odd.joined(separator: ",")) == .answered(missing: [], unclear: asked))
    let twice = [item("a", "NotImported"), item("a", "Imported")]
    #expect(outcome(twice.joined(separator: ",")) == .answered(missing: [], unclear: asked))
}

@Test func `a question refused as a whole is sorted as any call`() {
    let check = AccountCheck(identifiers: [])
    func outcome(_ code: Int) -> CheckOutcome {
        check.outcome(of: Array(#"{"ActionStatus":"FAIL","ErrorCode":\#(code)}"#.utf8))
    }
    guard case .refused(.credentials, 70_402, _) = outcome(70_402),
        case .refused(.retryable, 70_169, _) = outcome(70_169)
    else {
        Issue.record("\(outcome(70_402)), \(outcome(70_169))")
        return
    }
    #expect(outcome(70_500) == .unknown(.service(code: 70_500)))
    #expect(check.outcome(of: Array("<html>".utf8)) == .unknown(.unreadable))
}

@Test func `a check asks a hundred at a time and stops at the first that isn't answered`()
    async throws
{
    let first = #"{"ActionStatus":"OK","ErrorCode":0,"ResultItem":[]}"#
    try await LoopbackServer.run([.answer(body: first), .answer(status: 502, body: "")]) { server in
        try await withProvider(server.url) { provider in
            let accounts = (0..<250).map { Account("user-\($0)") }
            #expect(await provider.check(accounts) == .unknown(.http(status: 502)))
        }
        #expect(server.requests.count == 2)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v4/im_open_login_svc/account_check?sdkappid="))
    }
}

@Test func `a check of nobody asks about the administrator and says only that it was answered`()
    async throws
{
    let gone = #"{"ActionStatus":"OK","ErrorCode":0,"ResultItem":[\#(item("x", "NotImported"))]}"#
    try await LoopbackServer.run([.answer(body: gone)]) { server in
        try await withProvider(server.url) { provider in
            #expect(await provider.check([]) == .answered(missing: [], unclear: []))
        }
        #expect(server.requests.map(\.body) == [#"{"CheckItem":[{"UserID":"administrator"}]}"#])
    }
}
