import DeliveryCore
import Platform
import Simulation
import TencentIM
import TestSupport
import Testing

private let accepted = LoopbackServer.Reply.answer(
    body: #"{"ActionStatus":"OK","ErrorCode":0,"MsgKey":"k"}"#
)
private let success = Outcome.answered(messageKey: "k", refused: [])

/// Short enough for a test that waits for it; a third of it is time enough for a loopback connection
/// on a busy machine.
private let short: Duration = .seconds(3)

/// Runs a body with a provider whose connections are closed afterwards.
func withProvider<Result>(
    _ endpoint: String,
    backup: String? = nil,
    // Both longer than a busy machine lets a test wait, within a call and between two.
    timeout: Duration = .seconds(3_600),
    caFile: String? = nil,
    idleLimit: Duration = .seconds(3_600),
    _ body: (TencentIMProvider) async throws -> Result
) async throws -> Result {
    let provider = try TencentIMProvider(
        settings: ProviderSettings(
            endpoint: try #require(WebAddress(endpoint)),
            backupEndpoint: try backup.map { try #require(WebAddress($0)) },
            credentials: makeCredentials(),
            timeout: timeout
        ),
        caFile: caFile,
        idleLimit: idleLimit,
        random: SplitMix64(seed: 1),
        now: { Timestamp(milliseconds: 1_700_000_000_000) }
    )
    do {
        let result = try await body(provider)
        await provider.shutdown()
        return result
    } catch {
        await provider.shutdown()
        throw error
    }
}

private func isNotSent(_ outcome: Outcome) -> Bool {
    if case .notSent(let text) = outcome { !text.isEmpty } else { false }
}

@Test func `a call is posted as Tencent wants it`() async throws {
    try await LoopbackServer.run([accepted]) { server in
        try await withProvider(server.url) { provider in
            #expect(await provider.send(makeBatch()) == success)
        }
        let request = try #require(server.requests.first)
        let line = try #require(request.head.split(separator: "\r\n").first)
        let parts = line.split(separator: "?")
        #expect(parts.first == "POST /v4/openim/batchsendmsg")
        let query = try #require(parts.last).split(separator: " ")[0].split(separator: "&")
        let names = query.compactMap { $0.split(separator: "=").first }
        #expect(names == ["sdkappid", "identifier", "usersig", "random", "contenttype"])
        #expect(query[0] == "sdkappid=1400000000")
        #expect(query[1] == "identifier=administrator")
        #expect(query[4] == "contenttype=json")
        #expect(UInt32(query[3].dropFirst(7)) != nil)
        let signature = query[2].dropFirst(8).replacing("%2A", with: "*")
        #expect(
            UserSig.verify(String(signature), for: makeCredentials(), at: 1_700_000_000) == nil
        )
        #expect(request.body == String(decoding: RequestBody.encode(makeBatch()), as: UTF8.self))
    }
}

@Test func `calls one after another share a connection, and each draws a number`() async throws {
    try await LoopbackServer.run([accepted]) { server in
        try await withProvider(server.url) { provider in
            for _ in 0..<3 { #expect(await provider.send(makeBatch()) == success) }
        }
        #expect(server.connectionCount == 1)
        let lines = Set(server.requests.compactMap { $0.head.split(separator: "\r\n").first })
        #expect(lines.count == 3)
    }
}

@Test func `a refused answer keeps the connection`() async throws {
    let refusal = LoopbackServer.Reply.answer(body: #"{"ActionStatus":"FAIL","ErrorCode":90001}"#)
    try await LoopbackServer.run([refusal]) { server in
        try await withProvider(server.url) { provider in
            for _ in 0..<2 {
                let outcome = await provider.send(makeBatch())
                guard case .refused(.campaign, 90001, _) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
            }
        }
        #expect(server.connectionCount == 1)
    }
}

@Test(arguments: [false, true])
func `an unanswered call is unknown and its connection reset`(_ isTrickling: Bool) async throws {
    try await LoopbackServer.run([isTrickling ? .trickle : .silence]) { server in
        try await withProvider(server.url, timeout: short) { provider in
            #expect(await provider.send(makeBatch()) == .unknown(.timeout))
            #expect(await server.end() == .reset)
        }
        #expect(server.requests.count == 1)
    }
}

@Test func `a connection with TLS is reset without a farewell`() async throws {
    let tls = try LoopbackCertificate.serverContext()
    try await LoopbackCertificate.withFile { file in
        try await LoopbackServer.run([accepted, .silence], tls: tls) { server in
            try await withProvider(
                server.secureURL,
                timeout: .seconds(6),
                caFile: file
            ) { provider in
                #expect(await provider.send(makeBatch()) == success)
                #expect(await provider.send(makeBatch()) == .unknown(.timeout))
                #expect(await server.end() == .reset)
            }
            #expect(server.connectionCount == 1)
        }
    }
}

@Test func `a certificate that isn't trusted means not sent`() async throws {
    let tls = try LoopbackCertificate.serverContext()
    try await LoopbackServer.run([accepted], tls: tls) { server in
        try await withProvider(server.secureURL) { provider in
            let outcome = await provider.send(makeBatch())
            #expect(isNotSent(outcome), "\(outcome)")
        }
        #expect(server.requests.isEmpty)
    }
}

@Test func `a TLS handshake that isn't answered means not sent`() async throws {
    try await LoopbackServer.run([.silence]) { server in
        try await withProvider(server.secureURL, timeout: short) { provider in
            let outcome = await provider.send(makeBatch())
            #expect(isNotSent(outcome), "\(outcome)")
        }
    }
}

@Test func `a trust root that can't be read is an error at once`() async {
    await #expect(throws: (any Error).self) {
        try await withProvider("https://127.0.0.1:1", caFile: "/nonexistent.pem") { provider in
            _ = await provider.send(makeBatch())
        }
    }
}

@Test func `trust roots are there in a PEM file with a certificate only`() {
    #expect(TrustRoots.areThere(inPEM: Array(LoopbackCertificate.certificate.utf8)))
    for text in ["", "-----BEGIN CERTIFICATE-----\n", LoopbackCertificate.key] {
        #expect(!TrustRoots.areThere(inPEM: Array(text.utf8)))
    }
}

@Test func `a refused connection means not sent`() async throws {
    try await withProvider(RefusingPort.urls[0]) { provider in
        let outcome = await provider.send(makeBatch())
        #expect(isNotSent(outcome), "\(outcome)")
    }
}

@Test func `a host without an address means not sent`() async throws {
    try await withProvider("http://nowhere.invalid:80") { provider in
        let outcome = await provider.send(makeBatch())
        #expect(isNotSent(outcome), "\(outcome)")
    }
}

@Test func `the backup gets what the first endpoint certainly didn't`() async throws {
    let refusing = RefusingPort.urls[0]
    try await LoopbackServer.run([accepted]) { backup in
        try await withProvider(refusing, backup: backup.url) { provider in
            #expect(await provider.send(makeBatch()) == success)
        }
        #expect(backup.requests.count == 1)
    }
}

@Test func `while the first endpoint can't be reached, not every call asks it`() async throws {
    let tls = try LoopbackCertificate.serverContext()
    // Its certificate isn't trusted, so that no call waits for a timeout.
    try await LoopbackServer.run([accepted], tls: tls) { first in
        try await LoopbackServer.run([accepted]) { backup in
            try await withProvider(first.secureURL, backup: backup.url) { provider in
                #expect(await provider.send(makeBatch()) == success)
                let asked = first.connectionCount
                for _ in 0..<3 { #expect(await provider.send(makeBatch()) == success) }
                #expect(first.connectionCount == asked)
            }
            #expect(backup.requests.count == 4)
        }
    }
}

@Test func `a first endpoint is tried again by one call at intervals`() {
    var memory = EndpointMemory()
    let start = ContinuousClock.now
    func order(_ seconds: Int, backup: String? = "backup") -> [String] {
        memory.order(address("first"), backup.map(address), now: start + .seconds(seconds))
            .map(\.host)
    }
    func address(_ host: String) -> WebAddress {
        WebAddress(isSecure: true, host: host, port: nil)
    }
    #expect(order(0) == ["first", "backup"])
    memory.missed(now: start)
    #expect(order(29) == ["backup", "first"])
    #expect(order(30) == ["first", "backup"])
    #expect(order(30) == ["backup", "first"])
    #expect(order(61) == ["first", "backup"])
    memory.reached()
    #expect(order(61) == ["first", "backup"])
    memory.missed(now: start)
    #expect(order(0, backup: nil) == ["first"])
}

@Test func `a repeat is the same bytes but for the query's random number`() async throws {
    var world = try World(seed: 1)
    world.story.script = { $0.number == 1 ? .answerLost : nil }
    _ = try await world.add([Account("bonnie"), Account("rong"), Account("a\"b")])
    try await world.run()
    let calls = world.story.calls.map(\.batch)
    try #require(calls.count == 2)
    #expect(calls[1].maybeAccepted)
    try await LoopbackServer.run([.close, accepted]) { server in
        try await withProvider(server.url) { provider in
            #expect(await provider.send(calls[0]) == .unknown(.connectionLost))
            #expect(await provider.send(calls[1]) == success)
        }
        let requests = server.requests
        try #require(requests.count == 2)
        #expect(requests[0].body == requests[1].body)
        #expect(requests[0].body.contains("\"MsgSeq\":\(calls[0].numbers.sequence)"))
        #expect(requests[0].body.contains("\"MsgRandom\":\(calls[0].numbers.random)"))
        let lines = requests.compactMap { $0.head.split(separator: "\r\n").first }
        #expect(lines[0] != lines[1])
    }
}

@Test func `the backup never gets a call of unknown outcome`() async throws {
    try await LoopbackServer.run([.close]) { first in
        try await LoopbackServer.run([accepted]) { backup in
            try await withProvider(first.url, backup: backup.url) { provider in
                #expect(await provider.send(makeBatch()) == .unknown(.connectionLost))
            }
            #expect(backup.connectionCount == 0)
        }
    }
}

@Test(arguments: [
    (
        LoopbackServer.Reply.answer(status: 502, body: "<html>"),
        [Outcome.UnknownCause.http(status: 502)]
    ),
    (
        .answer(status: 302, headers: "location: /elsewhere\r\n", body: ""),
        [.http(status: 302)]
    ),
    (.answer(body: "<html>busy</html>"), [.unreadable]),
    (.answer(body: ""), [.unreadable]),
    (.answer(body: String(repeating: " ", count: 1 << 20) + "{}"), [.unreadable]),
    (.bytes("SMTP ready\r\n"), [.unreadable]),
    (.close, [.connectionLost]),
    (
        .bytes("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"ActionStatus\":\"OK\""),
        [.connectionLost, .unreadable]
    ),
])
func `an answer that says nothing certain leaves the call unknown`(
    _ reply: LoopbackServer.Reply,
    causes: [Outcome.UnknownCause]
) async throws {
    try await LoopbackServer.run([reply]) { server in
        try await withProvider(server.url) { provider in
            let outcome = await provider.send(makeBatch())
            #expect(causes.map(Outcome.unknown).contains(outcome), "\(outcome)")
        }
        // Nothing is sent twice, nor to where an answer points.
        #expect(server.requests.count == 1)
    }
}

@Test func `a canceled send ends the call as interrupted`() async throws {
    try await LoopbackServer.run([.silence]) { server in
        try await withProvider(server.url) { provider in
            let outcome = await withTaskGroup(of: Outcome.self) { group in
                group.addTask { await provider.send(makeBatch()) }
                await server.wait(for: .requested)
                group.cancelAll()
                return await group.next()
            }
            #expect(outcome == .unknown(.interrupted))
            #expect(await server.end() == .reset)
        }
    }
}

@Test func `settings replaced at runtime hold for the calls that come`() async throws {
    try await LoopbackServer.run([accepted]) { old in
        try await LoopbackServer.run([accepted]) { new in
            try await withProvider(old.url) { provider in
                #expect(await provider.send(makeBatch()) == success)
                var settings = provider.settings
                settings.endpoint = try #require(WebAddress(new.url))
                settings.credentials = makeCredentials(sdkAppID: 5, key: "new")
                provider.update(settings)
                await provider.renewCredentials()
                #expect(await provider.send(makeBatch()) == success)
            }
            #expect(old.requests.count == 1)
            #expect(new.requests.first?.head.contains("sdkappid=5&") == true)
        }
    }
}

@Test func `a call that is out when the settings are replaced goes on with its own`() async throws {
    try await LoopbackServer.run([.silence]) { first in
        try await LoopbackServer.run([accepted]) { backup in
            // It waits for a handshake in vain, a third of its time, and then turns to the backup.
            try await withProvider(
                first.secureURL,
                backup: backup.url,
                timeout: .seconds(30)
            ) { provider in
                let outcome = await withTaskGroup(of: Outcome.self) { group in
                    group.addTask { await provider.send(makeBatch()) }
                    await first.wait(for: .connected)
                    var settings = provider.settings
                    settings.endpoint = WebAddress(isSecure: false, host: "127.0.0.1", port: 9)
                    settings.credentials = makeCredentials(sdkAppID: 5, key: "new")
                    provider.update(settings)
                    return await group.next()
                }
                #expect(outcome == success)
            }
            let head = try #require(backup.requests.first?.head)
            #expect(head.contains("sdkappid=1400000000&"))
            let signature = try #require(head.split(separator: "usersig=").last)
                .prefix { $0 != "&" }.replacing("%2A", with: "*")
            #expect(
                UserSig.verify(String(signature), for: makeCredentials(), at: 1_700_000_000) == nil
            )
        }
    }
}

@Test func `a connection that was idle too long isn't used again`() async throws {
    #expect(TencentIMProvider.idleLimit == .seconds(5))
    try await LoopbackServer.run([accepted]) { server in
        try await withProvider(server.url, idleLimit: .milliseconds(100)) { provider in
            #expect(await provider.send(makeBatch()) == success)
            // The provider ends it; no later call can meet it.
            #expect(await server.end() != nil)
            #expect(await provider.send(makeBatch()) == success)
        }
        #expect(server.connectionCount == 2)
    }
}

@Test func `a call that is recorded in another administrator's name doesn't go out`() async throws {
    let endpoint = RefusingPort.urls[0]
    let outcome = try await withProvider(endpoint) { provider in
        let batch = makeBatch()
        let renamed = Batch(
            id: batch.id,
            campaign: batch.campaign,
            message: batch.message,
            accounts: batch.accounts,
            numbers: batch.numbers,
            sender: Array("erin".utf8)
        )
        return await provider.send(renamed)
    }
    let text = "the administrator was changed while the call was being claimed"
    #expect(outcome == .notSent(text))
}

@Test func `a message that leaves no history isn't looked up`() async throws {
    let endpoint = RefusingPort.urls[0]
    let outcome = try await withProvider(endpoint) { provider in
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        let call = UnknownCall(
            numbers: CallNumbers(sequence: 1, random: 1),
            sender: nil,
            sentAt: time,
            endedAt: time
        )
        let json = Array(#"{"OnlineOnlyFlag":1}"#.utf8)
        let message = CheckedMessage(json: json, packetOverhead: 200)
        return await provider.lookUp(
            LookUp(account: Account("bonnie"), message: message, calls: [call])
        )
    }
    #expect(outcome == .answered(HistoryPage(found: nil, next: nil, isKept: false)))
}
