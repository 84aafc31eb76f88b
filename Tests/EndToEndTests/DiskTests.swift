import Foundation
import Glibc
import JSON
import Testing

extension EndToEndTests {
    /// Disks that fill up, fail, or hold something else.
    @Suite struct Disks {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test(.mounted("a disk that fills up while a stream comes in and while calls are out"))
        func `a full disk refuses, says why, and everything goes on once there is room`() throws {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let disk = sandbox.path("disk")
            try FileManager.default.createDirectory(
                atPath: disk,
                withIntermediateDirectories: false
            )
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: provider.port,
                settings: DaemonSettings(minFreeBytes: 0, storeFolder: disk),
                under: [
                    "unshare", "-m", "sh", "-c",
                    "mount -t tmpfs -o size=4m,mode=700 none '\(disk)' && exec \"$@\"", "sh",
                ]
            )
            // The disk as the daemon sees it.
            let ballast = "/proc/\(daemon.child.processID)/root\(disk)/ballast"
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            let accounts = (100_000..<101_000).map { "user-\($0)" }
            try daemon.add(accounts, to: id)
            try fill(ballast)

            // What doesn't fit is refused, and what was acknowledged stays.
            let client = try daemon.client()
            let lines = (200_000..<300_000).map { "more-\($0)\n" }.joined()
            let path = "/v1/campaigns/\(id)/recipients"
            let full = try client.stream(path, CollectionOfOne(Array(lines.utf8)))
            expectFull(full, naming: disk)
            #expect(try daemon.counts(id).total >= accounts.count)
            let start = try client.post("/v1/campaigns/\(id)/start")
            expectFull(start, naming: disk)
            try daemon.ask("/v1/quota") { $0["state"]?.string == "store_failed" ? true : nil }
            let ready = try client.get("/readyz")
            #expect(ready.status == 503)
            #expect(ready.text.contains("full"), "\(ready.text)")
            #expect(try client.get("/healthz").status == 200)
            #expect(try provider.report().calls == 0)

            try FileManager.default.removeItem(atPath: ballast)
            try daemon.ask("/v1/quota") { $0["state"]?.string == "running" ? true : nil }
            let total = try daemon.counts(id).total
            try daemon.startCampaign(id)
            #expect(try daemon.watch(id) == 0)
            #expect(try client.get("/readyz").status == 200)
            #expect(try daemon.counts(id)["sent"] == total)
            let report = try provider.report()
            #expect(report.accepted == total)
            #expect(report.acceptedTwice == 0)
            let errors = daemon.child.account.split(separator: "\n").filter {
                $0.contains(" ERROR ") && $0.contains("could not be written")
            }
            #expect((1...2).contains(errors.count), "\(errors)")
        }

        @Test(.mounted("a disk that is full when the daemon starts after a crash"))
        func `a start on a full disk waits for room, and says where and what to do`() throws {
            let disk = sandbox.path("disk")
            try FileManager.default.createDirectory(
                atPath: disk,
                withIntermediateDirectories: false
            )
            let holder = try sandbox.start(
                [
                    "-m", "sh", "-c",
                    "mount -t tmpfs -o size=4m,mode=700 none '\(disk)' && echo ok && exec sleep 3600",
                ],
                of: "/usr/bin/unshare",
                name: "the disk"
            )
            #expect(try holder.firstLine() == "ok")
            let wrapper = ["nsenter", "-m", "-t", String(holder.processID)]
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: 9,
                settings: DaemonSettings(minFreeBytes: 0, storeFolder: disk),
                under: wrapper
            )
            let id = try daemon.create("{\"message\": \(Message.text("hi"))}")
            try daemon.add(["bonnie"], to: id)
            try daemon.startCampaign(id)
            let ballast = "/proc/\(holder.processID)/root\(disk)/ballast"
            try fill(ballast)
            try daemon.crash()

            for _ in 0..<2 {
                try daemon.startAgainWithoutWaiting(under: wrapper)
                let ending = try daemon.child.waitForEnd()
                #expect(ending.exitCode == 75, "\(ending.errors)")
                let last = ending.errors.split(separator: "\n").last ?? ""
                #expect(last.hasPrefix("fanoutd: store.path: "), "\(ending.errors)")
                #expect(last.contains("\(disk)/fanoutd.sqlite"), "\(ending.errors)")
                #expect(last.contains("room"), "\(ending.errors)")
                #expect(!ending.errors.contains("full(\""), "\(ending.errors)")
            }

            try FileManager.default.removeItem(atPath: ballast)
            try daemon.startAgainWithoutWaiting(under: wrapper)
            try daemon.child.waitForNotice("READY=1")
            #expect(try daemon.counts(id).total == 1)
            #expect(try daemon.stop().exitCode == 0)
        }

        @Test(.mounted("a disk that has no room for the token"))
        func `a token that has no room is made at the next start`() throws {
            try sandbox.write(ProviderProcess.secretKey, to: "secret-key")
            let disk = sandbox.path("disk")
            try FileManager.default.createDirectory(
                atPath: disk,
                withIntermediateDirectories: false
            )
            let text = DaemonSettings().text(
                port: try Socket.freePort(),
                providerPort: 9,
                folder: sandbox.folder
            ).replacing("\(sandbox.folder)/token", with: "\(disk)/token")
            let file = try sandbox.write(text, to: "fanoutd.yaml")
            // Enough inodes, and not a page for what a file holds.
            let mount = "mount -t tmpfs -o size=4k,mode=700 none '\(disk)' && echo > '\(disk)/all'"
            let ending = try sandbox.start(
                [
                    "-m", "sh", "-c", mount + " && \"$@\"; code=$?; ls '\(disk)'; exit $code", "sh",
                    Sandbox.program, "serve", "--config", file,
                ],
                of: "/usr/bin/unshare",
                name: "daemon"
            ).waitForEnd()
            #expect(ending.exitCode == 75, "\(ending.errors)")
            #expect(
                ending.errors.contains("fanoutd: http.tokenFile: \(disk)/token: No space left"),
                "\(ending.errors)"
            )
            #expect(ending.output == "all\n")
        }

        /// Writes until nothing more fits.
        private func fill(_ path: String) throws {
            let file = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
            guard file >= 0 else { throw Failure("can't open \(path)") }
            defer { close(file) }
            for size in [65_536, 4_096] {
                let bytes = [UInt8](repeating: 1, count: size)
                while unsafe write(file, bytes, size) == size {}
            }
        }

        private func expectFull(_ answer: HTTPMessage, naming disk: String) {
            #expect(answer.isProblem(507), "\(answer.text)")
            #expect(answer.headers["retry-after"] == "60")
            #expect(answer.text.contains("\(disk)/fanoutd.sqlite"), "\(answer.text)")
            #expect(answer.text.contains("room"), "\(answer.text)")
        }

        @Test(
            .traced("writes that fail while calls are out"),
            arguments: ["fdatasync:error=EIO", "pwrite64:error=ENOSPC"]
        )
        func `nothing is sent while writes fail, and everybody once they don't`(
            fault: String
        ) throws {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            try provider.set(faults: #"{"delay_out_ms": [5, 20]}"#)
            let relay = try Relay(to: provider.port)
            let daemon = try DaemonProcess(
                in: sandbox,
                providerPort: relay.port,
                settings: DaemonSettings(batchAccounts: 20, maxInFlight: 4)
            )
            let accounts = (10_000..<14_000).map { "user-\($0)" }
            let id = try daemon.submit(accounts)
            try relay.wait(for: 10, .passedOn)

            let trouble = try sandbox.start(
                ["strace", "-f", "-o", "/dev/null", "-p", String(daemon.child.processID)]
                    + ["-e", "inject=" + fault],
                of: "/usr/bin/env",
                name: "strace"
            )
            let quota = try daemon.ask("/v1/quota") { quota in
                let isOut = quota["in_flight"]?.integer ?? 0 > 0
                return quota["state"]?.string == "store_failed" && !isOut ? quota : nil
            }
            #expect(quota["reason"]?["text"] != nil)
            let client = try daemon.client()
            #expect(try client.get("/readyz").status == 503)
            let calls = try provider.report().calls
            let refused = try client.post(
                "/v1/campaigns",
                "{\"message\": \(Message.text("hi")), \"recipients\": [\"late\"]}"
            )
            #expect([503, 507].contains(refused.status), "\(refused.text)")
            #expect(refused.headers["retry-after"] != nil)
            #expect(try provider.report().calls == calls)

            // A tracer's end lets go of whom it traced; asked politely, it may wait for ever.
            trouble.send(signal: SIGKILL)
            _ = try trouble.waitForEnd()
            #expect(try daemon.watch(id) == 0)
            #expect(try client.get("/readyz").status == 200)
            #expect(try daemon.export(id).allSatisfy { $0.status == "sent" && $0.attempts == 1 })
            let report = try provider.report()
            #expect(report.accepted == accounts.count)
            #expect(report.acceptedTwice == 0)
            let listed = try client.get("/v1/campaigns").json()["items"]?.elements
            #expect(listed?.count == 1, "what was refused isn't there")
        }

        /// The most that may be asked for.
        private static let mostFreeBytes = 1 << 40

        @Test(.enabled(if: FileManager.default.freeBytes < mostFreeBytes, "the disk is too large"))
        func `below store minFreeBytes nothing new is taken, and sending goes on`() throws {
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let draft = try daemon.create("{\"message\": \(Message.text("hi"))}")
            try daemon.add(["bonnie", "rong"], to: draft)
            #expect(try daemon.stop().exitCode == 0)
            let text = try sandbox.read("fanoutd.yaml")
            try sandbox.write(
                text.replacing(
                    "minFreeBytes: 1048576",
                    with: "minFreeBytes: \(Self.mostFreeBytes)"
                ),
                to: "fanoutd.yaml"
            )
            try daemon.startAgain()

            let client = try daemon.client()
            let campaign = "{\"message\": \(Message.text("hi")), \"recipients\": [\"late\"]}"
            let stream = "/v1/campaigns/\(draft)/recipients"
            let refused = [
                try client.post("/v1/campaigns", campaign),
                try client.post("/v1/campaigns", "{\"message\": \(Message.text("hi"))}"),
                try client.stream(stream, [Array("late\n".utf8)]),
            ]
            for answer in refused {
                expectFull(answer, naming: sandbox.folder)
                #expect(answer.text.contains("store.minFreeBytes"), "\(answer.text)")
            }
            try daemon.startCampaign(draft)
            #expect(try daemon.watch(draft) == 0)
            #expect(try client.get("/readyz").status == 200)
            #expect(try provider.report().accepted == 2)
        }

        @Test(arguments: ["no database at all, but long enough to look at", "newer", "cut"])
        func `a store that isn't ours to read is refused, named, and left as it is`(
            content: String
        ) throws {
            let daemon = try DaemonProcess(in: sandbox, providerPort: Socket.freePort())
            try daemon.submit(["bonnie"])
            #expect(try daemon.stop().exitCode == 0)
            let path = sandbox.path("fanoutd.sqlite")
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            switch content {
            // The version stands in the header, big-endian, at 60.
            case "newer": bytes[62] = 1
            case "cut": bytes.replaceSubrange(100..<bytes.count, with: repeatElement(7, count: 900))
            default: bytes = Array(content.utf8)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))

            let ending = try sandbox.run(["serve", "--config", daemon.configurationFile])
            #expect(ending.exitCode == 78, "\(ending.errors)")
            #expect(ending.errors.contains(path), "\(ending.errors)")
            let remedy = content == "newer" ? "newer one" : "restore a backup"
            #expect(ending.errors.contains(remedy), "\(ending.errors)")
            #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
        }
    }
}

extension FileManager {
    /// The room where the tests have their folders.
    fileprivate var freeBytes: Int {
        do {
            let attributes = try attributesOfFileSystem(forPath: NSTemporaryDirectory())
            return attributes[.systemFreeSize] as? Int ?? 0
        } catch {
            return 0
        }
    }
}
