import JSON
import Testing

extension EndToEndTests {
    @Suite struct Statuses {
        @Test(arguments: ProviderProcess.Kind.allCases)
        func `every recipient ends with its own status and code, and is asked no more than needed`(
            _ kind: ProviderProcess.Kind
        ) throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(kind, in: sandbox, options: kind.unlimited)
            let daemon = try DaemonProcess(in: sandbox, providerPort: provider.port)
            let cast = Cast.make(count: 3_000, maxAttempts: 5)

            let id = try daemon.submit(cast.accounts)
            #expect(try daemon.watch(id) == 1, "some can't be sent")

            #expect(cast.differences(from: try daemon.export(id)) == [])
            let campaign = try daemon.campaign(id)
            let counts = Counts(campaign)
            #expect(campaign["state"]?.string == "completed")
            #expect(counts.total == 3_000)
            #expect(counts.sum == 3_000)
            #expect(counts["sent"] == cast.count("sent"))
            #expect(counts["failed"] == cast.count("failed"))
            #expect(counts.resent == 0)
            #expect(failures(campaign) == cast.failures)

            let report = try provider.report()
            #expect(report.accepted == cast.count("sent"))
            #expect(report.acceptedTwice == 0)
            #expect(report.recipients == cast.addressed)
            #expect(report.addressedAfterFinal == (kind == .outside ? 0 : nil))
            #expect(report.refusals == cast.refusals)
            #expect(report.largestPacketBytes <= 12_000)
            #expect(report.largestBatch <= 500)
        }

        @Test func `long accounts and a Chinese text fill packets by bytes`() throws {
            let sandbox = try Sandbox()
            let provider = try ProviderProcess(
                in: sandbox,
                options: ProviderProcess.Kind.simulator.unlimited
            )
            let relay = try Relay(to: provider.port)
            let daemon = try DaemonProcess(in: sandbox, providerPort: relay.port)
            // 32 bytes each: plain ones, Chinese ones, and ones that take an escape.
            let accounts = (0..<2_000).flatMap { number in
                let digits = String(10_000 + number)
                return [
                    "abcdefghijklmnopqrstuvwxyz-" + digits, "一二三四五六七八九" + digits,
                    "quote\"and\\backslash-abcdefg" + digits,
                ]
            }
            #expect(accounts.allSatisfy { $0.utf8.count == 32 })

            let text = "双十一狂欢节:全场五折起,今晚八点准时开抢,先到先得。"
            let id = try daemon.submit(accounts, message: Message.text(text))
            #expect(try daemon.watch(id) == 0)

            let exported = try daemon.export(id)
            #expect(Set(exported.map(\.account)) == Set(accounts))
            #expect(exported.allSatisfy { $0.status == "sent" && $0.attempts == 1 })
            let report = try provider.report()
            #expect(report.refusals.isEmpty)
            #expect(report.largestPacketBytes <= 12_000)
            #expect(report.largestPacketBytes >= 11_400)
            #expect(report.largestBatch < 400)
            let sizes = relay.packetSizes
            #expect(sizes.count { $0 < 11_400 } <= 2, "\(sizes)")
        }

        private func failures(_ campaign: JSON) -> [Int: Int] {
            var failures: [Int: Int] = [:]
            for failure in campaign["failures"]?.elements ?? [] {
                failures[failure["code"]?.integer ?? 0] = failure["count"]?.integer
            }
            return failures
        }
    }
}
