import Glibc
import Testing

extension EndToEndTests {
    /// The watchdog is fed only while a write to the store returns.
    @Suite struct Watchdogs {
        @Test(.traced("a disk that hangs"))
        func `while the disk hangs the watchdog hears nothing`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            // Short, so that the daemon speaks every tenth of a second.
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                under: ["WATCHDOG_USEC=200000"]
            )
            let child = daemon.child
            try child.waitForNotices("WATCHDOG=1", more: 2)

            let hang = try sandbox.start(
                ["strace", "-f", "-o", "/dev/null", "-p", String(child.processID)]
                    + ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=600000000"],
                of: "/usr/bin/env",
                name: "strace"
            )
            try child.waitForSilence("WATCHDOG=1")

            hang.send(signal: SIGKILL)
            _ = try hang.waitForEnd()
            try child.waitForNotices("WATCHDOG=1", more: 2)
        }

        @Test func `the service manager is told the rate and the queue`() throws {
            let daemon = try DaemonProcess(
                in: try Sandbox(),
                providerPort: 9,
                under: ["WATCHDOG_USEC=1000000"]
            )
            #expect(try daemon.client().post("/v1/pause").status == 200)
            try daemon.submit(["bonnie", "rong", "dave"])
            try daemon.child.waitForNotice(
                "STATUS=paused: 0 of 600000 messages a minute, 3 recipients queued,"
                    + " 0 calls in flight"
            )
        }
    }
}
