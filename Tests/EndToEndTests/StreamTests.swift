import Foundation
import Glibc
import JSON
import Testing

extension EndToEndTests {
    /// Standard streams that nobody reads, or that aren't there.
    @Suite struct Streams {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        /// Sends a campaign, reloads and stops: all of it with log lines.
        private func live(under redirection: String, then act: () throws -> Void = {}) throws {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                under: ["sh", "-c", "\(redirection) exec \"$0\" \"$@\""]
            )
            try act()
            let id = try daemon.submit((1...100).map { "user-\($0)" })
            #expect(try daemon.watch(id) == 0)
            let client = try daemon.client()
            #expect(try client.get("/healthz").status == 200)
            #expect(try client.get("/readyz").status == 200)
            var settings = DaemonSettings()
            settings.messagesPerMinute = 700
            try daemon.reload(settings, providerPort: provider.port)
            #expect(try client.get("/v1/quota").json()["messages_per_minute"]?.integer == 700)
            let ending = try daemon.stop()
            #expect(ending.exitCode == 0)
            #expect(!ending.wasKilled)
            #expect(try provider.report().accepted == 100)
        }

        /// A named pipe.
        private func makePipe() throws -> String {
            let path = sandbox.path("errors")
            try #require(unsafe mkfifo(path, 0o600) == 0)
            return path
        }

        @Test func `a reader of standard error that stands still costs lines, never service`()
            throws
        {
            let path = try makePipe()
            let pipe = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            try #require(pipe >= 0)
            defer { close(pipe) }
            // Not a line of the daemon has room.
            for size in [4_096, 1] {
                let ballast = [UInt8](repeating: UInt8(ascii: "x"), count: size)
                while unsafe write(pipe, ballast, size) == size {}
            }
            try live(under: "exec 2<>'\(path)';")
        }

        @Test func `a reader of standard error that goes away ends nothing`() throws {
            let path = try makePipe()
            // Before the first line, which a key that everybody can read makes the very first act.
            try live(
                under: "chmod 644 '\(sandbox.folder)/secret-key'; : <'\(path)' & exec 2>'\(path)';"
            )
        }

        @Test(arguments: ["2>&-", "<&- >&- 2>&-"])
        func `a stream that is closed is no file of the daemon's`(closing: String) throws {
            try live(under: "exec \(closing);")
            let store = try Data(contentsOf: URL(filePath: sandbox.path("fanoutd.sqlite")))
            #expect(store.starts(with: Data("SQLite format 3\0".utf8)))
            let check = try sandbox.run(["check-config", "--config", sandbox.path("fanoutd.yaml")])
            #expect(check.exitCode == 0)
        }
    }
}
