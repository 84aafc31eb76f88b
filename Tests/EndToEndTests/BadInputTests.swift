import JSON
import Testing

extension EndToEndTests {
    /// One daemon takes everything that is wrong, and still has what was right before.
    @Suite struct BadInput {
        let daemon: DaemonProcess
        let client: HTTPClient

        init() throws {
            // Nobody answers at this port, and no test here sends.
            daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            client = try daemon.client()
        }

        @Test func `bodies that are wrong are refused with the place of the fault`() throws {
            let message = Message.text("hi")
            let long = String(repeating: "x", count: 33)
            let cases: [(String, Int, String?)] = [
                ("{\"message\": ", 400, nil),
                ("{\"message\": \(message), \"name\": 7}", 422, "/name"),
                ("{\"message\": \(message), \"nmae\": \"x\"}", 422, "/nmae"),
                ("{\"message\": {\"MsgBody\": []}}", 422, "/message/MsgBody"),
                ("{\"message\": \(message), \"recipients\": []}", 422, "/recipients"),
                (
                    "{\"message\": \(message), \"recipients\": [\"ok\", \"\(long)\"]}", 422,
                    "/recipients/1"
                ),
            ]
            for (body, status, pointer) in cases {
                let answer = try client.post("/v1/campaigns", body)
                #expect(answer.status == status, "\(body)\n\(answer.text)")
                #expect(answer.isProblem(status), "\(body)\n\(answer.text)")
                guard let pointer else { continue }
                let pointers = try answer.json()["errors"]?.elements?.map { $0["pointer"]?.string }
                #expect(pointers?.contains(pointer) == true, "\(body)\n\(answer.text)")
            }
            #expect(try client.get("/v1/campaigns").json()["items"]?.elements?.isEmpty == true)
        }

        @Test func `strangers and unknown ids are turned away`() throws {
            var stranger = client
            stranger.token = "not-the-token"
            let refused = try stranger.get("/v1/campaigns")
            #expect(refused.isProblem(401))
            #expect(refused.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            stranger.token = nil
            #expect(try stranger.get("/v1/campaigns").status == 401)
            let unknown = "/v1/campaigns/01890000-0000-7000-8000-000000000000"
            #expect(try client.get(unknown).isProblem(404))
            #expect(try client.post(unknown + "/start").isProblem(404))
            #expect(try client.get(unknown, headers: ["Host": "example.com"]).status == 403)
        }

        @Test func `an empty draft can't start and a second start changes nothing`() throws {
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            let path = "/v1/campaigns/\(id)"
            let empty = try client.post(path + "/start")
            #expect(empty.isProblem(409))
            #expect(try empty.json()["state"]?.string == "draft")
            let nothing = try client.stream(path + "/recipients", EmptyCollection())
            #expect(nothing.status == 200)
            #expect(try nothing.json()["accepted"]?.integer == 0)

            try daemon.add(["bonnie", "rong"], to: id)
            #expect(try client.post(path + "/start").status == 200)
            let second = try client.post(path + "/start")
            #expect(second.status == 200)
            #expect(try second.json()["id"]?.string == id)
            #expect(try daemon.counts(id).total == 2)
            let late = try client.stream(path + "/recipients", [Array("late\n".utf8)])
            #expect(late.isProblem(409))
            #expect(try client.post(path + "/cancel").status == 200)
        }

        @Test func `a stream that breaks leaves what was read, and can be sent again`() throws {
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            let path = "/v1/campaigns/\(id)/recipients"
            let accounts = (100_000..<120_000).map { "user-\($0)" }
            let whole = Array(accounts.map { $0 + "\n" }.joined().utf8)
            // Cut behind a whole line and three bytes of the next.
            let cut = 8_000 * 12 + 3
            try client.breakOff(path, after: Array(whole[..<cut]))
            try daemon.ask("/v1/campaigns/\(id)") { Counts($0).total >= 8_000 ? true : nil }
            #expect(try daemon.counts(id).total == 8_000)

            let again = try client.stream(path, CollectionOfOne(whole)).json()
            #expect(again["accepted"]?.integer == 12_000)
            #expect(again["duplicates"]?.integer == 8_000)
            #expect(again["total"]?.integer == 20_000)
            #expect(again["invalid"]?.integer == 0)
        }

        @Test func `a line of 2 GB costs no memory and one count of invalid`() throws {
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            let path = "/v1/campaigns/\(id)/recipients"
            try daemon.add(["first"], to: id)
            let before = try daemon.child.peakMemory()
            let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
            let line = repeatElement(megabyte, count: 2_000)
            let answer = try client.stream(path, Array(line) + [Array("\nlast\n".utf8)]).json()
            #expect(answer["accepted"]?.integer == 1)
            #expect(answer["invalid"]?.integer == 1)
            #expect(answer["invalid_examples"]?.elements?.first?["line"]?.integer == 1)
            #expect(answer["total"]?.integer == 2)
            let growth = try daemon.child.peakMemory() - before
            #expect(growth < 64_000_000, "it grew by \(growth) bytes")
        }
    }
}

extension HTTPMessage {
    /// Whether it is problem+json of this status.
    func isProblem(_ status: Int) -> Bool {
        guard self.status == status else { return false }
        guard headers["content-type"]?.hasPrefix("application/problem+json") == true else {
            return false
        }
        do {
            return try json()["status"]?.integer == status
        } catch {
            return false
        }
    }
}
