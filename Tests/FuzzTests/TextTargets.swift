import Client
import DeliveryCore
import Foundation
import JSON
import Platform
import Testing
import fanoutd

// Short texts with a form of their own, the configuration, and what the commands read.
extension FuzzTests {
    private static let addresses = Mutator(
        [
            "http://127.0.0.1:8480", "https://console.tim.qq.com", "unix:/run/fanoutd/socket",
            "127.0.0.1:8480", "[::1]:80", "https://[::1]:443/", "localhost:0",
        ],
        tokens: ["[", "]", ":", "-0", "unix:", "http://", "//", "@"]
    )

    @Test func `an address is shown as it can be read`() async throws {
        let loopback = #/localhost|::1|127(\.[0-9]+){3}/#
        try await fuzz("addresses", inputs: 2_000) { trial in
            let input = Self.addresses.input(&trial)
            trial.input = input
            let text = String(decoding: input, as: UTF8.self)
            if let address = ListenAddress(text) {
                let again = ListenAddress(address.description)
                trial.expect(again == address, "\(address) is another")
                if case .tcp(let host, _) = address, address.isLocal {
                    trial.expect(host.wholeMatch(of: loopback) != nil, "it isn't this machine")
                }
            }
            if let endpoint = WebAddress(text) {
                let again = WebAddress(endpoint.description)
                trial.expect(again == endpoint, "\(endpoint) is another")
                trial.expect(
                    !endpoint.isPrivate || endpoint.isSecure
                        || endpoint.host.wholeMatch(of: loopback) != nil,
                    "it isn't private"
                )
            }
            if let address = DaemonAddress(text) {
                trial.expect(DaemonAddress(address.description) == address, "\(address) is another")
                trial.expect(
                    address.authority.utf8.allSatisfy { (0x21...0x7E).contains($0) },
                    "\(address.authority) would break a request's head"
                )
            }
        }
    }

    private static let configurations = Mutator(
        [
            "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\n",
            """
            # the whole
            http: {listen: "[::1]:8480", allowRemote: false, tokenFile: /etc/x, maxBodyBytes: 2_048}
            store:
              path: 'a b.sqlite'
            tencent:
              sdkAppId: 1
              administrator: "天 \\"x\\""
              secretKeyFile: ./secret-key
              endpoint: http://127.0.0.1:9000
              timeoutSeconds: 4
            limits:
              messagesPerMinute: 12000
              burst: 1
              packetBytes: &p 1000
            retry:
              baseSeconds: 0.5
              capSeconds: 1e2
            log: {level: debug, format: json}
            """,
        ],
        tokens: [
            "  ", ": ", "- ", "? ", "{", "}", "*p", "&p ", "<<: *p", "!!str ", "|\n  ", "---\n",
            "...",
            "tencent:", "limits:", "burst", "secret\u{212A}eyFile", ".inf", "0x10", "'", "\"",
            "%YAML",
        ]
    )

    @Test func `a configuration loads and shows itself, or each fault says where`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "fanoutd-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch {
                Issue.record("\(folder.path) stays: \(error)")
            }
        }
        try Data("0123456789abcdef\n".utf8).write(to: folder.appending(path: "secret-key"))
        let path = folder.appending(path: "fanoutd.yaml").path
        try await fuzz("configurations", inputs: 500) { trial in
            let input = Self.configurations.input(&trial)
            trial.input = input
            try Data(input).write(to: URL(filePath: path))
            do {
                let loaded = try ConfigurationLoader.load(path, environment: [:])
                try Data(loaded.text.utf8).write(to: URL(filePath: path))
                let again = try ConfigurationLoader.load(path, environment: [:])
                trial.expect(
                    Self.bare(again.text) == Self.bare(loaded.text),
                    "shown as\n\(loaded.text)"
                )
            } catch let error as ConfigurationFaults {
                trial.expect(!error.faults.isEmpty, "refused without a fault")
                for fault in error.faults {
                    trial.expect(!fault.problem.isEmpty, "no problem is named")
                    trial.expect(!fault.remedy.isEmpty, "no remedy is named")
                    trial.expect("\(fault.place)".contains(path), "no file: \(fault)")
                }
            }
        }
    }

    /// The shown configuration without the remarks on where each value came from.
    private static func bare(_ text: String) -> [Substring] {
        text.split(separator: "\n").map { line in
            line[..<(line.range(of: " # ", options: .backwards)?.lowerBound ?? line.endIndex)]
        }
    }

    private static let views = Mutator(
        [
            #"{"id":"x","name":"n","state":"completed","reason":{"code":70001,"text":"t"},"#
                + #""counts":{"total":2,"queued":0,"sent":1,"failed":1,"unknown":0,"canceled":0,"#
                + #""expired":0,"suppressed":0},"failures":[{"code":70107,"count":1}],"messages_per_minute":5,"#
                + #""messages_last_minute":1,"resent":1}"#,
            #"{"title":"t","status":422,"detail":"d","state":"draft","#
                + #""errors":[{"pointer":"/a","detail":"b"}]}"#,
        ],
        tokens: ["9223372036854775807", "-9223372036854775808", "\"canceled\"", "\"halted\""]
    )

    @Test func `whatever a daemon answers, a command shows it`() async throws {
        try await fuzz("views", inputs: 1_500) { trial in
            let input = Self.views.document(&trial)
            trial.input = input
            let problem = Refusal(status: trial.pick([0, 401, 422, 500]), body: input)
            trial.expect(!problem.description.isEmpty, "a problem without a word")
            let json: JSON
            do throws(CommandFailure) { json = try DaemonClient.parse(input) } catch { return }
            let view = CampaignView(json)
            trial.expect(!view.text.isEmpty, "nothing is shown")
            trial.expect(view.finalCount >= 0, "fewer than none are done")
            var progress = view.progress
            var meter = RateMeter()
            _ = meter.note(0, at: .zero)
            progress.rate = meter.note(progress.done, at: .seconds(trial.number(1...20)))
            trial.expect(!progress.line.isEmpty, "no progress is shown")
            trial.expect(!progress.bar(columns: trial.number(10...200)).isEmpty, "no bar is shown")
            if view.ending == .everyoneSent {
                let reached = view.count(.sent) + view.count(.suppressed)
                trial.expect(reached == view.total, "not everyone was sent")
            }
        }
    }
}
