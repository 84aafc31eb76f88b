import DeliveryCore
import TencentIMSimulator
import Testing

/// The real server on a real socket: what only a network shows.
@Suite struct SimulatorServerTests {
    private static let query =
        "sdkappid=88888888&identifier=administrator&random=1&contenttype=json&usersig="
    private static let path = "/v4/openim/batchsendmsg?" + query + encoded
    /// As clients percent-encode it.
    private static let encoded = Signature.administrator.text.replacing("*", with: "%2A")

    private func makeBody(_ account: String = "bonnie", random: Int = 1) -> String {
        #"{"To_Account":["\#(account)"],"MsgRandom":\#(random),"#
            + #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#
    }

    /// Runs a server while `body` talks to it.
    private func withServer(
        packetLimit: Int = 12_288,
        _ body: (SimulatorServer, Int) -> Void
    ) async throws {
        let (ports, port) = AsyncStream<Int>.makeStream()
        var configuration = SimulatorConfiguration()
        configuration.sdkAppID = Signature.administrator.sdkAppID
        configuration.secretKey = Array(Signature.administrator.key.utf8)
        configuration.packetLimit = packetLimit
        // The vector was signed at the beginning of 2025 for one day.
        let now = Now(
            instant: Instant(nanoseconds: 0),
            timestamp: Timestamp(milliseconds: 1_735_700_000_000)
        )
        let server = SimulatorServer(
            configuration,
            clock: { now },
            onRunning: { port.yield($0) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { port.finish() }
                try await server.run()
            }
            for await port in ports {
                body(server, port)
                break
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `a signed call is answered and reported, over one kept connection`() async throws {
        try await withServer { server, port in
            let socket = RawSocket(port: port)
            let answer = socket.exchange("POST", Self.path, makeBody())
            guard case .text(let text) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(text.hasPrefix(#"200 {"ActionStatus":"OK","ErrorCode":0"#))
            #expect(text.contains(#"_1_1735700000""#))
            let report = socket.exchange("GET", "/_simulator/report")
            #expect(
                report == .text("200 " + String(decoding: server.report().json, as: UTF8.self))
            )
            #expect(server.report().accepted == 1)
        }
    }

    @Test(arguments: [
        ("sdkappid=1&identifier=a&usersig=x&random=1&contenttype=json", 60006),
        ("sdkappid=88888888&identifier=administrator&usersig=x&random=1&contenttype=json", 70003),
        ("sdkappid=88888888&identifier=administrator&random=1&contenttype=json", 60004),
        ("sdkappid=88888888&usersig=x&random=1&contenttype=json", 60005),
        ("sdkappid=88888888&identifier=administrator&usersig=x&contenttype=json", 60002),
        ("", 60002),
    ])
    func `a bad query is refused with the provider's code`(query: String, code: Int) async throws {
        try await withServer { server, port in
            let path = "/v4/openim/batchsendmsg?" + query
            _ = RawSocket(port: port).exchange("POST", path, makeBody())
            #expect(server.report().refusals == [code: 1])
        }
    }

    @Test func `a body over the limit is 93000, however far`() async throws {
        try await withServer(packetLimit: 1_000) { server, port in
            let socket = RawSocket(port: port)
            for size in [1_001, 200_000] {
                let body = String(repeating: "x", count: size)
                let answer = socket.exchange("POST", Self.path, body)
                guard case .text(let text) = answer else {
                    Issue.record("\(answer)")
                    continue
                }
                #expect(text.contains(#""ErrorCode":93000"#))
            }
            #expect(server.report().largestPacketBytes == 200_000)
        }
    }

    @Test(arguments: [
        ("drop_before", RawSocket.Received.reset, 0),
        ("drop_after", .reset, 1),
        ("hang", .nothing, 1),
        ("http_502", .text("502 <html>502</html>"), 0),
        ("garbage", .text(#"200 <html>{"Action"#), 1),
    ])
    func `a fault shows on the wire, before or after the call counts`(
        name: String,
        received: RawSocket.Received,
        accepted: Int
    ) async throws {
        try await withServer { server, port in
            let set = RawSocket(port: port).exchange(
                "POST",
                "/_simulator/faults",
                #"{"\#(name)":1,"delay_in_ms":[1,2],"delay_out_ms":[1,2]}"#
            )
            #expect(set == .text("200 {}"))
            #expect(RawSocket(port: port).exchange("POST", Self.path, makeBody()) == received)
            #expect(server.report().accepted == accepted)
        }
    }

    @Test func `so many answers get lost of calls that accept everybody, and no other`()
        async throws
    {
        try await withServer { server, port in
            func received(_ accounts: String, random: Int) -> RawSocket.Received {
                let body = makeBody(accounts, random: random)
                return RawSocket(port: port).exchange("POST", Self.path, body)
            }
            var faults = Faults()
            faults.lostAnswers = 1
            server.replace(faults)
            #expect(received(#"ann","missing-1"#, random: 1) != .reset)
            #expect(received(#"bonnie","rong"#, random: 2) == .reset)
            #expect(received("carl", random: 3) != .reset)
            let report = server.report()
            #expect(report.accepted == 4)
            #expect(report.lostAnswers == 1)
            #expect(report.unanswered == 2)
        }
    }

    @Test func `new faults replace the old ones and a bad set is refused`() async throws {
        try await withServer { server, port in
            let socket = RawSocket(port: port)
            let fail = #"{"garbage":1,"fail":{"code":60008,"calls":1}}"#
            _ = socket.exchange("POST", "/_simulator/faults", fail)
            _ = socket.exchange("POST", "/_simulator/faults", "{}")
            _ = socket.exchange("POST", Self.path, makeBody())
            #expect(server.report().accepted == 1)
            #expect(
                socket.exchange("POST", "/_simulator/faults", #"{"hang":2}"#)
                    == .text(#"400 {"detail":"hang is a chance from 0 to 1"}"#)
            )
            _ = socket.exchange("POST", "/_simulator/reset")
            #expect(server.report() == SimulatorReport())
        }
    }

    private static let checkPath = "/v4/im_open_login_svc/account_check?" + query + encoded

    @Test func `account_check says who is missing, whatever is wrong with batchsendmsg`()
        async throws
    {
        try await withServer { server, port in
            let socket = RawSocket(port: port)
            let body = #"{"CheckItem":[{"UserID":"missing-1"},{"UserID":"bonnie"}]}"#
            _ = socket.exchange("POST", "/_simulator/faults", #"{"http_502":1}"#)
            let answer = socket.exchange("POST", Self.checkPath, body)
            #expect(
                "\(answer)".contains("NotImported") && "\(answer)".contains(#"bonnie"#),
                "\(answer)"
            )
            #expect(server.report().checked == 2)
            #expect(server.report().calls == 0)
            _ = socket.exchange(
                "POST",
                "/_simulator/faults",
                #"{"http_502":1,"all_commands":true}"#
            )
            #expect(
                socket.exchange("POST", Self.checkPath, body) == .text("502 <html>502</html>")
            )
        }
    }

    private static func path(_ command: SimulatedCommand) -> String {
        command.rawValue + "?" + query + encoded
    }

    private static let roaming =
        #"{"Operator_Account":"bonnie","Peer_Account":"administrator","MaxCnt":100,"#
        + #""MinTime":1735699900,"MaxTime":1735700100}"#
    private static let withdrawal =
        #"{"From_Account":"administrator","To_Account":"bonnie","MsgKey":"5_1_1735700000"}"#

    @Test func `a message is looked up, recalled and shown as recalled`() async throws {
        try await withServer { server, port in
            let socket = RawSocket(port: port)
            let body = makeBody().replacing("}}]}", with: #"}}],"MsgSeq":5}"#)
            _ = socket.exchange("POST", Self.path, body)
            let found = socket.exchange("POST", Self.path(.history), Self.roaming)
            #expect("\(found)".contains("5_1_1735700000"), "\(found)")
            let ok = #"200 {"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#
            let recall = Self.path(.recall)
            #expect(socket.exchange("POST", recall, Self.withdrawal) == .text(ok))
            let again = socket.exchange("POST", recall, Self.withdrawal)
            #expect("\(again)".contains("20023"), "\(again)")
            let after = socket.exchange("POST", Self.path(.history), Self.roaming)
            #expect("\(after)".contains(#"MsgFlagBits\":8"#), "\(after)")
            let report = server.report()
            #expect(report.lookedUp == 2)
            #expect(report.recalled == 1)
            #expect(report.calls == 1)
        }
    }

    @Test(arguments: [
        (0, "Wed, 01 Jan 2025 02:53:20 GMT", "5_1_1735700000"),
        (-300, "Wed, 01 Jan 2025 02:48:20 GMT", "5_1_1735699700"),
        (86_400, "Thu, 02 Jan 2025 02:53:20 GMT", "5_1_1735786400"),
    ])
    func `a clock that is off shows in dates and histories, and judges no signature`(
        seconds: Int,
        date: String,
        key: String
    ) async throws {
        try await withServer { _, port in
            let socket = RawSocket(port: port)
            _ = socket.exchange("POST", "/_simulator/faults", "{\"clock_off_s\":\(seconds)}")
            let body = makeBody().replacing("}}]}", with: #"}}],"MsgSeq":5}"#)
            let answer = socket.exchange("POST", Self.path, body)
            #expect("\(answer)".contains(key), "\(answer)")
            #expect(socket.head.contains("\r\nDate: \(date)\r\n"), "\(socket.head)")
            let roaming = Self.roaming.replacing("1735699900", with: "0")
                .replacing("1735700100", with: "2000000000")
            let found = socket.exchange("POST", Self.path(.history), roaming)
            #expect("\(found)".contains(key), "\(found)")
        }
    }

    @Test(arguments: [SimulatedCommand.history, .recall])
    func `look-ups and recalls want a signature, and have faults where told`(
        command: SimulatedCommand
    ) async throws {
        try await withServer { server, port in
            let socket = RawSocket(port: port)
            let body = command == .history ? Self.roaming : Self.withdrawal
            let unsigned = socket.exchange("POST", command.rawValue + "?" + Self.query, body)
            #expect("\(unsigned)".contains("60004"), "\(unsigned)")
            let faults = #"{"http_502":1,"history_delay_s":5,"all_commands":true}"#
            _ = socket.exchange("POST", "/_simulator/faults", faults)
            #expect(
                socket.exchange("POST", Self.path(command), body) == .text("502 <html>502</html>")
            )
            #expect(server.report().refusals == [60004: 1])
        }
    }

    @Test(arguments: [
        ("{}", 70402), (#"{"CheckItem":[]}"#, 70402), (#"{"CheckItem":[{"UserID":1}]}"#, 70402),
        ("x", 90001),
    ])
    func `a question that can't be read is refused`(body: String, code: Int) async throws {
        try await withServer { _, port in
            let answer = RawSocket(port: port).exchange("POST", Self.checkPath, body)
            #expect("\(answer)".contains("\(code)"))
        }
    }

    @Test func `other commands are 60009 and other paths 404`() async throws {
        try await withServer { _, port in
            let socket = RawSocket(port: port)
            let answer = socket.exchange("POST", "/v4/openim/sendmsg?" + Self.query)
            #expect("\(answer)".contains("60009"))
            #expect(socket.exchange("GET", "/") == .text("404 {}"))
        }
    }
}
