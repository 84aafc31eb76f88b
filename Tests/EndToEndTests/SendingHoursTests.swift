import Glibc
import JSON
import Testing

extension EndToEndTests {
    /// A campaign outside its hours, by the real executable and this machine's time zones.
    @Suite struct SendingHours {
        /// Two to three hours from now on Shanghai's clock, as the command and the endpoint take them.
        private static func later() -> (option: String, from: String) {
            let hour = (time(nil) / 3_600 + 8 + 2) % 24
            let texts = [hour, (hour + 1) % 24].map { $0 < 10 ? "0\($0):00" : "\($0):00" }
            return ("\(texts[0])-\(texts[1]) Asia/Shanghai", texts[0])
        }

        @Test
        func
            `what is submitted outside its hours waits, says until when, and goes once they change`()
            throws
        {
            let sandbox = try Sandbox()
            let options = ProviderProcess.Kind.simulator.unlimited
            let provider = try ProviderProcess(in: sandbox, options: options)
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let message = try sandbox.write(Message.text("good morning"), to: "message.json")
            let hours = Self.later()
            func submit(_ hours: String) throws -> ChildProcess.Ending {
                let command = [
                    "submit", "--message", message, "--to", "-", "--send-between", hours,
                ]
                return try daemon.command(command, input: Array("bonnie\nrong\n".utf8))
            }

            let mistaken = try submit("09:00-21:00 Asia/Shangai")
            #expect(mistaken.exitCode == 65)
            #expect(mistaken.errors.contains("did you mean Asia/Shanghai?"), "\(mistaken.errors)")

            let id =
                try submit(hours.option).output.split(separator: "\n").first.map(String.init) ?? ""
            let shown = try daemon.campaign(id)
            #expect(shown["state"]?.string == "running")
            #expect(shown["send_between"]?["from"]?.string == hours.from)
            #expect(shown["send_between"]?["days"]?.elements?.count == 7)
            #expect(shown["eta"]?.string?.contains("T") == true)
            #expect(try daemon.command("show", id).output.contains(hours.option))

            for isKilled in [false, true] {
                // They hold after a restart, too, and after a kill.
                let causes = try daemon.ask("/v1/campaigns/\(id)/explain") { explanation in
                    explanation["causes"]?.elements.flatMap { $0.isEmpty ? nil : $0 }
                }
                #expect(causes.first?["cause"]?.string == "outside_hours")
                #expect(causes.first?["until"]?.string?.hasSuffix(":00:00.000Z") == true)
                #expect(causes.first?["remedy"]?.string?.contains("send_between") == true)
                #expect(try daemon.command("explain", id).output.contains("(Asia/Shanghai) only"))
                if isKilled { try daemon.crash() } else { _ = try daemon.stop() }
                try daemon.startAgain()
            }
            #expect(try provider.report().recipients == 0)

            let plan = try daemon.command(
                "plan",
                "--message",
                message,
                "--count",
                "2",
                "--json",
                "--send-between",
                hours.option
            )
            let seconds = try JSON(parsing: Array(plan.output.utf8))["seconds"]?.integer ?? 0
            #expect((3_600...7_201).contains(seconds), "\(plan.output)")

            let patched = try daemon.client().send(
                "PATCH",
                "/v1/campaigns/\(id)",
                headers: ["Content-Type": "application/merge-patch+json"],
                body: Array(#"{"send_between": null}"#.utf8)
            )
            #expect(patched.status == 200)
            #expect(try patched.json()["send_between"]?.isNull == true)
            #expect(try daemon.watch(id) == 0)
            #expect(try provider.report().accepted == 2)
        }

        @Test func `the configured hours are those of whoever doesn't say, from a reload on`()
            throws
        {
            let sandbox = try Sandbox()
            let daemon = try DaemonProcess(in: sandbox, providerPort: 9)
            let body = "{\"message\": \(Message.text("hi"))}"
            let before = try daemon.campaign(try daemon.create(body))
            #expect(before["send_between"]?.isNull == true)
            let line =
                "defaults: {sendBetween: {from: '09:00', to: '21:00', time_zone: Asia/Shanghai}}"
            try daemon.reload(DaemonSettings(), providerPort: 9) { $0 + "\n" + line + "\n" }
            let after = try daemon.campaign(try daemon.create(body))
            #expect(after["send_between"]?["time_zone"]?.string == "Asia/Shanghai")
            try daemon.reload(DaemonSettings(), providerPort: 9) {
                $0 + "\n" + line.replacing("Shanghai", with: "Shangai") + "\n"
            }
            let error = try daemon.client().get("/v1/quota").json()["config_error"]?.string ?? ""
            #expect(error.contains("defaults.sendBetween.time_zone: 'Asia/Shangai'"), "\(error)")
            #expect(error.contains("did you mean Asia/Shanghai?"))
        }
    }
}
