import ArgumentParser
import Client
import DeliveryCore
import JSON
import Platform
import TencentIMSimulator

/// A demo's client: submits a campaign to a running daemon over HTTP, follows it to its end and
/// compares every recipient with its expected status.
struct DemoSession: Sendable {
    let client: DaemonClient
    let audience: DemoAudience
    /// Where the list of recipients is written; whoever makes the folder removes it.
    let folder: String
    let simulator: SimulatorServer

    private static let message = #"""
        {"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"Hello from the demo"}}]}
        """#

    /// Runs the session; a recipient that ended otherwise than expected is a failure with code 1.
    func play() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let id = try await submit()
        StandardError.writeLine("campaign \(id): \(audience.count.grouped) recipients")
        _ = try await CampaignWatch(client: client, id: id).run()
        let seconds = start.duration(to: clock.now).inSeconds
        let report = try await report(of: id)
        let provider = simulator.report()
        let text = report.text(expected: audience.count, seconds: seconds, provider: provider)
        try StandardOutput.write(text)
        guard report.isRight(expected: audience.count, provider: provider) else {
            throw CommandFailure(.incomplete, "the demo did not end as it should")
        }
    }

    private func submit() async throws -> String {
        let path = folder + "/recipients.txt"
        do {
            let lines = audience.lines(0..<audience.count)
            _ = try SmallFile.createPrivateUnlessThere(path, holding: lines)
        } catch {
            throw CommandFailure(.tryAgain, "the demo's list can't be written: \(error)")
        }
        let options = try CampaignOptions.parse(["--name", "Demo", "--on-unknown", "verify"])
        let body = options.body(message: Array(Self.message.utf8))
        let created = try await client.sendForJSON(
            .init("POST", "/v1/campaigns", answer: .object(with: "id"), body: .json(body))
        )
        guard let id = created["id"]?.string else {
            throw CommandFailure(.tryAgain, "the daemon's answer holds no id")
        }
        let file = try RecipientFile(path: path, format: .text)
        let intake = IntakeView(try DaemonClient.parse(try await client.upload(file, to: id)))
        StandardError.writeLine(intake.text)
        _ = try await client.send(.change(id, "/start"))
        return id
    }

    private func report(of id: String) async throws -> DemoReport {
        var report = DemoReport()
        var lines = LineSplitter()
        let request = DaemonClient.Request(
            "GET",
            DaemonClient.path(id, "/recipients"),
            answer: .rows("application/x-ndjson"),
            headers: [("Accept", "application/x-ndjson")]
        )
        try await client.stream(request) { bytes throws(CommandFailure) in
            for line in lines.take(bytes) {
                report.add(try DaemonClient.parse(line))
            }
        }
        return report
    }
}

/// Splits a stream of bytes into lines.
package struct LineSplitter: Sendable {
    private var rest: [UInt8] = []

    package init() {}

    /// The lines that these bytes complete, without their newlines.
    package mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            lines.append(rest + bytes[start..<index])
            rest = []
            start = index + 1
        }
        rest += bytes[start...]
        return lines
    }
}
