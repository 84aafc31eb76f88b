import JSON
import Testing

extension EndToEndTests {
    /// A list that doesn't fit the memory in which lists are sorted.
    @Suite struct LongList {
        let daemon: DaemonProcess
        let client: HTTPClient

        /// So many accounts of 32 bytes take 22 MB in memory, of the 32 that all streams share.
        private static let count = 620_000
        private static let lineSize = 33

        init() throws {
            // Nobody answers at this port, and no test here sends.
            daemon = try DaemonProcess(in: Sandbox(), providerPort: Socket.freePort())
            client = try daemon.client()
        }

        /// The account of a number; their order is that of the numbers.
        private func account(_ number: Int) -> [UInt8] {
            var account = [UInt8](repeating: UInt8(ascii: "0"), count: Self.lineSize - 1)
            var rest = number
            var place = account.count - 1
            while rest > 0 {
                account[place] += UInt8(rest % 10)
                rest /= 10
                place -= 1
            }
            return account
        }

        /// All accounts, a line each and in no order.
        private func makeList() -> [UInt8] {
            var list: [UInt8] = []
            list.reserveCapacity(Self.count * Self.lineSize)
            for index in 0..<Self.count {
                // The factor is prime to the count, so each number comes once.
                list += account(index &* 7_919 % Self.count)
                list.append(UInt8(ascii: "\n"))
            }
            return list
        }

        private func makeDraft() throws -> String {
            "/v1/campaigns/" + (try daemon.create("{\"message\": \(Message.text("hi"))}"))
        }

        @Test func `is taken whole, and as far as it came if it broke off`() throws {
            let list = makeList()
            let (whole, broken) = (try makeDraft(), try makeDraft())
            // Lines of the first run and of the last come again.
            let again = list.prefix(1_000 * Self.lineSize) + list.suffix(1_000 * Self.lineSize)
            let answer = try client.stream(whole + "/recipients", [list, Array(again)])
            #expect(answer.status == 200, "\(answer.text)")
            let summary = try answer.json()
            #expect(summary["accepted"]?.integer == Self.count)
            #expect(summary["duplicates"]?.integer == 2_000)
            #expect(summary["total"]?.integer == Self.count)

            try client.breakOff(broken + "/recipients", after: list + Array("cut".utf8))
            try daemon.ask(broken) { Counts($0).total == Self.count ? true : nil }

            try daemon.crash()
            try daemon.startAgain()
            for campaign in [whole, broken] {
                #expect(Counts(try client.get(campaign).json())["queued"] == Self.count)
                let page = try client.get(campaign + "/recipients?limit=3").json()
                let accounts = page["items"]?.elements?.map { $0["account"]?.string }
                #expect(accounts == (0..<3).map { String(decoding: account($0), as: UTF8.self) })
            }
        }
    }
}
