import DeliveryCore
import Foundation
import Glibc
import JSON
import Testing

/// A daemon that is killed at random moments, and what it has acknowledged before.
///
/// The seed decides what is drawn; what a moment hits is up to the machine. What is checked holds
/// for every moment.
final class KilledDaemon {
    let provider: ProviderProcess
    let relay: Relay
    let daemon: DaemonProcess
    /// Campaigns that were acknowledged, with the accounts they must have.
    private(set) var campaigns: [(id: String, accounts: Set<String>)] = []
    private(set) var kills: [String: Int] = [:]
    private let settings: DaemonSettings
    private var random: SplitMix64

    init(
        _ name: String,
        settings: DaemonSettings,
        providerOptions: [String] = ProviderProcess.Kind.simulator.unlimited
    ) throws {
        let given = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)
        let seed = given ?? UInt64.random(in: 0..<1_000_000)
        print("\(name): SEED=\(seed) draws the same moments again")
        random = SplitMix64(seed: seed)
        self.settings = settings
        let sandbox = try Sandbox()
        provider = try ProviderProcess(in: sandbox, options: providerOptions)
        try provider.set(faults: #"{"delay_out_ms": [5, 40]}"#)
        relay = try Relay(to: provider.port)
        daemon = try DaemonProcess(in: sandbox, providerPort: relay.port, settings: settings)
    }

    func draw(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    var killCount: Int { kills.values.reduce(0, +) }

    /// Waits until it has been killed and starts it again.
    private func rise(after phase: String) throws {
        let ending: ChildProcess.Ending
        do {
            ending = try daemon.child.waitForEnd()
        } catch {
            let client = try daemon.client()
            let quota = try client.get("/v1/quota").text
            let campaigns = try client.get("/v1/campaigns").text
            throw Failure("not killed after \(kills): \(quota)\n\(campaigns)\n\(error)")
        }
        guard ending.wasKilled else { throw Failure("it ended by itself\n\(ending.errors)") }
        kills[phase, default: 0] += 1
        try daemon.startAgain()
    }

    /// Kills it so many microseconds from now at most.
    private func killSoon(within limit: Int) {
        daemon.child.send(signal: SIGKILL, inMicroseconds: draw(0..<limit))
    }

    /// What came of a request to a daemon that may be dead before it answers.
    private func answer(to request: (HTTPClient) throws -> HTTPMessage) throws -> HTTPMessage? {
        let client = try daemon.client()
        do {
            return try request(client)
        } catch {
            // It was killed before it answered: nothing is acknowledged.
            return nil
        }
    }

    /// Asks something of it, kills it meanwhile, and starts it again.
    func ask(
        _ path: String,
        _ body: String = "",
        headers: [String: String] = [:],
        phase: String
    ) throws -> HTTPMessage? {
        killSoon(within: 15_000)
        let answer = try answer { try $0.post(path, body, headers: headers) }
        try rise(after: phase)
        return answer
    }

    // MARK: Intake

    /// Makes a draft, and streams accounts into it run by run; in each run it dies once.
    func fill(_ accounts: [String], policy: String, kills: Int) throws -> String {
        let body = #"{"on_unknown": "\#(policy)", "message": \#(Message.text("hi"))}"#
        let id = try daemon.create(body)
        campaigns.append((id, Set(accounts)))
        var acknowledged: Set<String> = []
        let runLength = (accounts.count + kills - 1) / kills
        for start in stride(from: 0, to: accounts.count, by: runLength) {
            let run = accounts[start..<min(start + runLength, accounts.count)]
            if try streamAndDie(run, into: id) { acknowledged.formUnion(run) }
            let stored = try accountsStored(in: id)
            #expect(stored.isSuperset(of: acknowledged), "acknowledged and gone")
            #expect(stored.isSubset(of: accounts))
            // Sending a stream again is harmless, whatever became of it.
            try daemon.add(run, to: id)
            acknowledged.formUnion(run)
        }
        #expect(try accountsStored(in: id) == Set(accounts))
        return id
    }

    /// True if the stream was acknowledged before the end.
    private func streamAndDie(_ run: ArraySlice<String>, into id: String) throws -> Bool {
        let size = 50
        let pieces = stride(from: run.startIndex, to: run.endIndex, by: size).map { start in
            Array(run[start..<min(start + size, run.endIndex)].map { $0 + "\n" }.joined().utf8)
        }
        let fatal = draw(0..<pieces.count)
        let answer = try answer { client in
            let read = pieces.enumerated().lazy.map { number, piece in
                if number == fatal { self.killSoon(within: 12_000) }
                return piece
            }
            return try client.stream("/v1/campaigns/\(id)/recipients", read)
        }
        try rise(after: "intake")
        return answer?.status == 200
    }

    private func accountsStored(in id: String) throws -> Set<String> {
        let path = "/v1/campaigns/\(id)/recipients"
        let answer = try daemon.client().get(path, headers: ["Accept": "text/csv"])
        let lines = answer.text.split(separator: "\r\n").dropFirst()
        return Set(lines.compactMap { $0.split(separator: ",").first.map(String.init) })
    }

    /// Makes a campaign with its recipients and one key, however often it dies meanwhile.
    @discardableResult
    func create(_ accounts: [String], policy: String) throws -> String {
        let list = accounts.map { "\"\($0)\"" }.joined(separator: ", ")
        let body = """
            {"on_unknown": "\(policy)", "message": \(Message.text("hi")), "recipients": [\(list)]}
            """
        let key = ["Idempotency-Key": accounts[0]]
        let first = try ask("/v1/campaigns", body, headers: key, phase: "creation")
        let acknowledged = first?.status == 201 ? try first?.json()["id"]?.string : nil
        let again = try daemon.client().post("/v1/campaigns", body, headers: key)
        #expect(again.status == 201, "\(again.text)")
        let id = try #require(try again.json()["id"]?.string)
        #expect(acknowledged == nil || acknowledged == id, "acknowledged and gone")
        campaigns.append((id, Set(accounts)))
        return id
    }

    /// Starts a campaign, however often it dies meanwhile.
    func start(_ id: String) throws {
        let answer = try ask("/v1/campaigns/\(id)/start", phase: "start of a campaign")
        let state = try state(of: id)
        if answer?.status == 200 {
            #expect(state == "running" || state == "completed")
        } else if state == "draft" {
            try daemon.startCampaign(id)
        }
    }

    func state(of id: String) throws -> String {
        try daemon.campaign(id)["state"]?.string ?? ""
    }

    // MARK: Sending

    /// Dies while calls are out, at the n-th moment of a kind or just at any time.
    func killWhileSending() throws {
        let moments: [Relay.Moment?] = [.arrived, .answered, .passedOn, nil]
        if let moment = moments[draw(0..<4)] {
            let child = daemon.child
            relay.atCall(draw(1..<16), moment) { child.send(signal: SIGKILL) }
        } else {
            killSoon(within: 100_000)
        }
        try rise(after: "sending")
    }

    /// Dies at any time from now on, whatever it does.
    func killAtAnyTime() throws {
        killSoon(within: 60_000)
        try rise(after: "any time")
    }

    /// Dies while it starts, with calls of its life before unanswered.
    func killWhileStarting() throws {
        killSoon(within: 30_000)
        _ = try daemon.child.waitForEnd()
        kills["sending", default: 0] += 1
        try daemon.startAgainWithoutWaiting()
        killSoon(within: 100_000)
        try rise(after: "start-up")
    }

    // MARK: Operators

    /// Gives a command and dies meanwhile, and gives it again if it didn't hold.
    func command(_ name: String, on id: String, reaching wanted: String) throws {
        let before = try state(of: id)
        let path = "/v1/campaigns/\(id)/\(name)"
        let answer = try ask(path, phase: "command")
        let after = try state(of: id)
        if answer?.status == 200 {
            #expect(after == wanted, "\(name) was acknowledged")
        } else {
            #expect([before, wanted].contains(after), "\(name)")
        }
        if after != wanted { #expect(try daemon.client().post(path).status == 200) }
    }

    func pauseAll() throws {
        let answer = try ask("/v1/pause", phase: "command")
        let state = try daemon.client().get("/v1/quota").json()["state"]?.string
        if answer?.status == 200 { #expect(state == "paused") }
        if state != "paused" { #expect(try daemon.client().post("/v1/pause").status == 200) }
    }

    /// Puts those that failed back, while nothing is sent.
    func retryFailed(of id: String) throws {
        let before = try daemon.counts(id)
        let path = "/v1/campaigns/\(id)/retry"
        let body = #"{"status": ["failed"]}"#
        let answer = try ask(path, body, phase: "command")
        let after = try daemon.counts(id)
        if answer?.status == 200 { #expect(after["queued"] == before["failed"]) }
        #expect(after["queued"] + after["failed"] == before["failed"])
        if after["queued"] == 0 { #expect(try daemon.client().post(path, body).status == 200) }
    }

    /// Looks whether anything is still done for a campaign once no call is out.
    func expectStillness(of id: String) throws {
        let path = "/v1/campaigns/\(id)"
        let counts = try daemon.ask(path) { Counts($0)["sending"] == 0 ? Counts($0) : nil }
        for _ in 0..<10 { #expect(try daemon.counts(id) == counts) }
    }

    // MARK: In the end

    /// Waits for the end of all campaigns and checks everything that was promised.
    func settle(policy: String) throws {
        var sums = Sums()
        for (id, accounts) in campaigns {
            if try !state(of: id).isFinal { try daemon.watch(id) }
            let campaign = try daemon.ask("/v1/campaigns/\(id)") { campaign in
                // Of a canceled one some may still be looked up.
                let waiting = Counts(campaign)["sending"] + Counts(campaign)["retrying"]
                let isFinal = (campaign["state"]?.string ?? "").isFinal && waiting == 0
                return isFinal ? campaign : nil
            }
            let counts = Counts(campaign)
            let rows = try daemon.export(id)
            #expect(rows.count == accounts.count)
            #expect(Set(rows.map(\.account)) == accounts)
            let final = ["sent", "failed", "unknown", "canceled", "expired", "suppressed"]
            #expect(rows.allSatisfy { final.contains($0.status) })
            let byStatus = Dictionary(grouping: rows, by: \.status).mapValues(\.count)
            #expect(counts.byStatus.filter { $0.value > 0 } == byStatus)
            #expect(counts.total == accounts.count)
            #expect(policy == "resend" || counts.resent == 0)
            sums.add(counts)
        }
        let report = try provider.report()
        let different = report.accepted - report.acceptedTwice
        let context: Comment = "\(sums), accepted \(report.accepted)"
        #expect(report.acceptedTwice <= sums.resent, context)
        #expect((sums.sent...sums.sent + sums.unknown).contains(different), context)
        #expect(report.busiestMinute <= settings.messagesPerMinute)
        #expect(report.refusals[90057] == nil)
        let listed = try daemon.client().get("/v1/campaigns?limit=1000").json()["items"]?.elements
        #expect(listed?.count == campaigns.count, "each was made once")
        print("killed \(killCount) times: \(kills.sorted { $0.key < $1.key }); \(context)")
    }

    struct Sums {
        var sent = 0
        var unknown = 0
        var resent = 0

        mutating func add(_ counts: Counts) {
            sent += counts["sent"]
            unknown += counts["unknown"]
            resent += counts.resent
        }
    }
}

extension String {
    /// Whether a campaign in this state has ended.
    fileprivate var isFinal: Bool { ["completed", "canceled", "expired"].contains(self) }
}
