import Foundation
import JSON
import TestSupport
import Testing

extension EndToEndTests {
    /// What hostile clients cost the whole process, and that it serves the others meanwhile.
    @Suite struct HostileClients {
        /// Far above what the daemon has, far below what any of this would take without bounds.
        static let memoryBound = 250_000_000

        @Test func `a thousand idle connections keep nobody out, with few open files too`() throws {
            Socket.raiseOpenFiles()
            for openFiles in [nil, 256] {
                let daemon = try DaemonProcess(
                    in: Sandbox(),
                    providerPort: Socket.freePort(),
                    under: openFiles.map(DaemonProcess.openFiles) ?? []
                )
                let client = try daemon.client()
                var idle: [Socket] = []
                for _ in 0..<1_000 { idle.append(try Socket.connect(port: daemon.port)) }
                for _ in 0..<20 { #expect(try client.get("/healthz").status == 200) }
                let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
                try daemon.add(["bonnie"], to: id)
                #expect(try daemon.counts(id).total == 1)
                try expectHealth(of: daemon)
                withExtendedLifetime(idle) {}
            }
        }

        @Test func `bombs of half a gigabyte take neither memory nor the others' turn`() throws {
            let daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            let client = try daemon.client()
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            // A line of 16 MiB in 16 KB, many times over.
            let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 24) + Array("\n".utf8)
            let member = gzip(line)
            let pieces = Array(repeating: member, count: 8) + [gzip(Array("last\n".utf8))]
            let answers = Monitor<[Result<HTTPMessage, any Error>]>([])
            for _ in 0..<4 {
                Thread.detachNewThread {
                    let answer = Result {
                        try client.stream(
                            "/v1/campaigns/\(id)/recipients",
                            headers: ["Content-Encoding": "gzip"],
                            pieces
                        )
                    }
                    answers.change { $0.append(answer) }
                }
            }
            for _ in 0..<10 { #expect(try client.get("/v1/quota").status == 200) }
            let ended = answers.wait(seconds: ChildProcess.patience) { $0.count == 4 ? $0 : nil }
            for answer in try #require(ended) {
                let summary = try answer.get().json()
                #expect(summary["invalid"]?.integer == 8, "\(summary)")
                #expect(summary["total"]?.integer == 1, "\(summary)")
            }
            try expectHealth(of: daemon)
        }

        @Test func `two hundred slow streams share the memory, and others go before them`() throws {
            Socket.raiseOpenFiles()
            let daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            let client = try daemon.client()
            let ids = try (0..<4).map { _ in
                try daemon.create("{\"message\": \(Message.text("hi"))}")
            }
            let streams = try (0..<200).map { number in
                try client.open("/v1/campaigns/\(ids[number % ids.count])/recipients")
            }
            // Each round gives every stream a piece; none of them ends before the last has begun.
            for round in 0..<3 {
                for (number, stream) in streams.enumerated() {
                    let names = (0..<1_000).map { "user-\(number)-\(round)-\($0)\n" }
                    try stream.send(chunk: Array(names.joined().utf8))
                }
                #expect(try client.get("/v1/quota").status == 200)
            }
            let other = try daemon.create("{\"message\": \(Message.text("hi"))}")
            try daemon.add(["bonnie"], to: other)
            #expect(try daemon.counts(other).total == 1)
            for stream in streams {
                let answer = try stream.finish()
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try answer.json()["accepted"]?.integer == 3_000)
            }
            for id in ids { #expect(try daemon.counts(id).total == 150_000) }
            try expectHealth(of: daemon)
        }

        @Test func `exports that nobody reads hold neither memory nor the store's log`() throws {
            let daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            let client = try daemon.client()
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            try daemon.add((0..<100_000).map { "somebody-\($0)" }, to: id)
            let readers = try (0..<4).map { _ in
                try client.begin(
                    "GET",
                    "/v1/campaigns/\(id)/recipients",
                    headers: ["Accept": "text/csv"]
                )
            }
            // The first bytes of each: from here on nobody reads.
            for reader in readers { #expect(try !reader.receive().isEmpty) }
            let other = try daemon.create("{\"message\": \(Message.text("hi"))}")
            for round in 0..<10 {
                try daemon.add((0..<5_000).map { "other-\(round)-\($0)" }, to: other)
            }
            #expect(try daemon.counts(other).total == 50_000)
            let log =
                try FileManager.default.attributesOfItem(
                    atPath: daemon.sandbox.path("fanoutd.sqlite-wal")
                )[.size] as? Int ?? 0
            #expect(log < 40_000_000, "the log has \(log) bytes")
            try expectHealth(of: daemon)
            withExtendedLifetime(readers) {}
        }

        @Test func `a stream that is reset ends, and can be sent again`() throws {
            let daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            let client = try daemon.client()
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            let path = "/v1/campaigns/\(id)"
            try client.resetStream(path + "/recipients", after: Array("bonnie\nrong\nhal".utf8))
            try daemon.add(["bonnie"], to: id)
            // As long as it is streamed into it can't start.
            #expect(try client.post("/v1/pause").status == 200)
            let deadline = ContinuousClock.now + .seconds(ChildProcess.patience)
            while try client.post(path + "/start").status == 409 {
                try #require(ContinuousClock.now < deadline, "the stream never ended")
            }
            #expect([1, 2].contains(try daemon.counts(id).total))
            try expectHealth(of: daemon)
        }

        @Test(arguments: [
            (#""MsgBody":["#, "0,", "0]}"), (#""To_Account":[["#, "0,", "0]]}"),
            (#""CloudCustomData":""#, "xx", #""}"#),
        ])
        func `a call of 60 MB is refused before it takes more than its own size`(
            start: String,
            filling: String,
            end: String
        ) throws {
            let daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            let piece = Array(String(repeating: filling, count: 1 << 19).utf8)
            var body = Array(#"{"MsgRandom":1,\#(start)"#.utf8)
            while body.count < 60_000_000 { body += piece }
            body += Array(end.utf8)
            // It is answered once it is read through, which takes this build a while.
            let answer = try HTTPClient(port: daemon.port).send(
                "POST",
                try daemon.gatewayPath(),
                body: body
            )
            let code = try answer.json()["ErrorCode"]?.integer
            #expect(code == 93_000, "\(answer.text.prefix(500))")
            try expectHealth(of: daemon, memoryBound: 200_000_000)
        }

        private func expectHealth(
            of daemon: DaemonProcess,
            memoryBound: Int = Self.memoryBound
        ) throws {
            #expect(try daemon.client().get("/healthz").status == 200)
            let memory = try daemon.child.peakMemory()
            #expect(memory < memoryBound, "it had \(memory) bytes")
            let ending = try daemon.stop()
            #expect(ending.exitCode == 0, "\(ending.errors.suffix(2_000))")
        }
    }
}
