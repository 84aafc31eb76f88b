import Foundation
import Testing

extension EndToEndTests {
    /// The units as systemd's own tools see them; `Tests/Acceptance/package/run` starts them in a real systemd.
    @Suite struct Units {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private static var folder: URL {
            URL(filePath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "systemd")
        }

        private func analyze(_ arguments: [String]) throws -> ChildProcess.Ending {
            try sandbox.start(
                ["systemd-analyze"] + arguments,
                of: "/usr/bin/env",
                name: "systemd-analyze"
            ).waitForEnd()
        }

        /// A copy that starts the program which is tested, since verify looks for it.
        private func copy(_ name: String, changing line: (String, String)? = nil) throws -> String {
            let unit = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            var text = unit.replacing("/usr/bin/fanoutd", with: Sandbox.program)
            if let line { text = text.replacing(line.0, with: line.1) }
            return try sandbox.write(text, to: name)
        }

        @Test(.analyzed, arguments: ["fanoutd.service", "fanoutd@.service"])
        func `systemd has nothing to say against a unit and finds it well shielded`(
            name: String
        ) throws {
            let unit = try copy(name)
            let verified = try analyze(["verify", unit.replacing("@.", with: "@shop.")])
            #expect(verified.exitCode == 0)
            #expect(verified.errors == "")
            let shielded = try analyze(["security", "--offline=true", "--threshold=15", unit])
            #expect(shielded.exitCode == 0, "\(shielded.output.suffix(200))")
        }

        @Test(.analyzed)
        func `a misspelt key and a shield less are noticed`() throws {
            let misspelt = try copy("fanoutd.service", changing: ("WatchdogSec", "WatchdogSecs"))
            #expect(try analyze(["verify", misspelt]).errors.contains("WatchdogSecs"))
            let bare = try copy("fanoutd.service", changing: ("CapabilityBoundingSet=\n", ""))
            let security = ["security", "--offline=true", "--threshold=15", bare]
            #expect(try analyze(security).exitCode != 0)
        }
    }
}
