import Client
import JSON
import Platform
import TestSupport
import Testing

/// A client of several nodes, of which one leads.
@Suite struct LeaderTests {
    private static let impatient = LeaderPatience(pause: .zero, limit: .seconds(60))

    private static func standby(leader: String? = nil) -> LoopbackServer.Reply {
        let name = leader.map { "\"\($0)\"" } ?? "null"
        return .answer(
            status: 503,
            headers: "retry-after: 5\r\n",
            body: #"{"type":"urn:fanoutd:problem:standby","title":"Stands by","leader":\#(name)}"#
        )
    }

    private static let campaign = LoopbackServer.Reply.answer(body: #"{"id":"c1","counts":{}}"#)
    private static let created = LoopbackServer.Reply.answer(status: 201, body: #"{"id":"c1"}"#)
    private static let list = LoopbackServer.Reply.answer(body: #"{"items":[]}"#)

    private func client(
        _ urls: String...,
        patience: LeaderPatience = impatient
    ) throws -> DaemonClient {
        let text = urls.joined(separator: ",")
        let (first, others) = try #require(DaemonAddress.list(text))
        let token = Secret("a-token-of-this-test")
        return DaemonClient(address: first, others: others, token: token, patience: patience)
    }

    @Test func `addresses are a list with commas, each of its form`() {
        let text = "http://a:1, https://b,unix:/run/c"
        let list = DaemonAddress.list(text)
        #expect(list?.first.description == "http://a:1")
        #expect(list?.others.map(\.description) == ["https://b", "unix:/run/c"])
        for bad in ["", "http://a,", ",http://a", "http://a,b", "http://a http://b"] {
            #expect(DaemonAddress.list(bad) == nil, "\(bad)")
        }
    }

    @Test func `who stands by is passed over, and the leader is asked first from then on`()
        async throws
    {
        try await LoopbackServer.run([Self.standby()]) { standby in
            try await LoopbackServer.run([Self.campaign]) { leader in
                let client = try client(standby.url, leader.url)
                for _ in 0..<3 { _ = try await client.send(.campaign("c1")) }
                #expect(standby.requests.count == 1)
                #expect(leader.requests.count == 3)
            }
        }
    }

    @Test func `who isn't there is passed over`() async throws {
        let dead = RefusingPort.urls[0]
        try await LoopbackServer.run([Self.campaign]) { leader in
            _ = try await client(dead, leader.url).send(.campaign("c1"))
            #expect(leader.requests.count == 1)
        }
    }

    @Test func `the leader that a standby names is asked next if it was given, and no other`()
        async throws
    {
        try await LoopbackServer.run([Self.campaign]) { leader in
            try await LoopbackServer.run([Self.standby()]) { third in
                try await LoopbackServer.run([Self.standby(leader: leader.url)]) { standby in
                    let client = try client(standby.url, third.url, leader.url)
                    _ = try await client.send(.campaign("c1"))
                    #expect(third.requests.isEmpty)
                    #expect(leader.requests.count == 1)
                }
            }
        }
    }

    @Test func `a stranger that a standby names gets neither the request nor the token`()
        async throws
    {
        try await LoopbackServer.run([Self.campaign]) { stranger in
            try await LoopbackServer.run([Self.standby(leader: stranger.url)]) { standby in
                let impatient = LeaderPatience(pause: .zero, limit: .zero)
                let client = try client(standby.url, RefusingPort.urls[0], patience: impatient)
                let failure = await #expect(throws: CommandFailure.self) {
                    try await client.send(.campaign("c1"))
                }
                #expect(stranger.connectionCount == 0)
                #expect(failure?.code == .tryAgain)
                let text = failure?.message ?? ""
                #expect(
                    text.hasPrefix("no node leads: \(standby.url) stands by, http://127.0.0.1:")
                )
                #expect(
                    text.hasSuffix(
                        "; name the leader's \(stranger.url) too, with --url or FANOUTD_URL"
                    )
                )
            }
        }
    }

    @Test func `nodes that stand by are asked until one of them leads`() async throws {
        let script = [Self.standby(), Self.standby(), Self.campaign]
        try await LoopbackServer.run([Self.standby()]) { first in
            try await LoopbackServer.run(script) { second in
                _ = try await client(first.url, second.url).send(.campaign("c1"))
                #expect(first.requests.count == 3)
                #expect(second.requests.count == 3)
            }
        }
    }

    @Test func `where no node answers nobody waits`() async throws {
        let (first, second) = (RefusingPort.urls[0], RefusingPort.urls[1])
        let client = try client(first, second)
        let failure = await #expect(throws: CommandFailure.self) {
            try await client.send(.campaign("c1"))
        }
        #expect(
            failure?.message
                == "no node answers: \(first) doesn't answer (connection refused), \(second) doesn't"
                + " answer (connection refused); are the daemons running? Name them with --url or"
                + " FANOUTD_URL, separated by commas"
        )
        #expect(failure?.code == .unreachable)
    }

    @Test func `a node's own word is final, whoever else there is`() async throws {
        let refusal = LoopbackServer.Reply.answer(
            status: 404,
            body: #"{"type":"urn:fanoutd:problem:not-found","title":"No such campaign"}"#
        )
        try await LoopbackServer.run([refusal]) { leader in
            try await LoopbackServer.run([Self.campaign]) { other in
                let client = try client(leader.url, other.url)
                let failure = await #expect(throws: CommandFailure.self) {
                    try await client.send(.campaign("c1"))
                }
                #expect(failure?.isMissing == true)
                #expect(other.connectionCount == 0)
            }
        }
    }

    @Test func `what may be done is asked again by a look alone, and not of itself by a change`()
        async throws
    {
        try await LoopbackServer.run([.close]) { broken in
            try await LoopbackServer.run([Self.campaign]) { leader in
                _ = try await client(broken.url, leader.url).send(.campaign("c1"))
                #expect(leader.requests.count == 1)
                let second = try client(broken.url, leader.url)
                let failure = await #expect(throws: CommandFailure.self) {
                    try await second.send(.change("c1", "/retry"))
                }
                #expect(failure?.retry == .soon)
                #expect(leader.requests.count == 1)
                // Who can repeat it begins with the other node.
                _ = try await second.send(.change("c1", "/retry"))
                #expect(leader.requests.count == 2 && broken.requests.count == 2)
            }
        }
    }

    @Test func `a submission that broke off goes on at the new leader with its key`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try RecipientFile(path: folder.write("users.txt", "bonnie\n"), format: nil)
        let intake = #"{"accepted":1,"duplicates":0,"invalid":0,"total":1}"#
        let script = [
            Self.standby(), Self.created, .answer(body: intake), Self.campaign,
        ]
        try await LoopbackServer.run([.close]) { dying in
            try await LoopbackServer.run(script) { heir in
                let client = try client(dying.url, heir.url)
                let submission = CampaignSubmission(client: client, file: file, key: nil)
                let id = try await submission.create(Array("{}".utf8))
                _ = try await submission.fillAndStart(id)
                let keys = (dying.requests + heir.requests.prefix(2)).map { request in
                    request.head.split(separator: "\r\n").first {
                        $0.lowercased().hasPrefix("idempotency-key:")
                    }
                }
                #expect(keys.count >= 3)
                #expect(Set(keys).count == 1 && keys.first != .some(nil))
                let last = heir.requests.suffix(2).map { $0.head.split(separator: "\r\n")[0] }
                #expect(
                    last == [
                        "POST /v1/campaigns/c1/recipients HTTP/1.1",
                        "POST /v1/campaigns/c1/start HTTP/1.1",
                    ]
                )
            }
        }
    }

    @Test func `what every node answers is asked of the leader, if there is one`() async throws {
        let quota = { (used: Int) in #"{"window_used":\#(used),"cluster":null}"# }
        let standby = [Self.standby(), LoopbackServer.Reply.answer(body: quota(1))]
        try await LoopbackServer.run(standby) { standby in
            try await LoopbackServer.run([Self.list, .answer(body: quota(2))]) { leader in
                let answer = try await client(standby.url, leader.url).sendForJSON(.quota)
                #expect(answer["window_used"]?.integer == 2)
            }
            // Now no node leads.
            let answer = try await client(standby.url, RefusingPort.urls[0]).sendForJSON(.quota)
            #expect(answer["window_used"]?.integer == 1)
        }
    }

    @Test func `a standby alone tells who leads`() {
        let body =
            #"{"type":"urn:fanoutd:problem:standby","title":"Stands by","leader":"http://b:1"}"#
        let failure = Refusal(status: 503, body: Array(body.utf8)).failure(retryAfter: "5")
        #expect(failure.code == .tryAgain && failure.retry == nil)
        #expect(
            failure.message
                == "Stands by\nName the leader, http://b:1, with --url or FANOUTD_URL, several"
                + " separated by commas"
        )
        let nobody = #"{"type":"urn:fanoutd:problem:standby","title":"x","leader":null}"#
        let waiting = Refusal(status: 503, body: Array(nobody.utf8)).failure(retryAfter: "5")
        #expect(waiting.retry == .after(.seconds(5)))
    }
}
