import DeliveryCore
import QueueTables
import Simulation
import Testing

/// Accounts that are accepted, missing, flaky and hopeless, through quiet lives and through crashes.
struct FatesTests {
    private static func accounts(_ count: Int) -> [Account] {
        (0..<count).map { index in
            switch index % 10 {
            case 0: Account("missing-\(index)")
            case 1: Account("flaky-2-70169-\(index)")
            case 2: Account("err-91000-\(index)")
            case 3: Account("err-90048-\(index)")
            default: Account("user-\(index)")
            }
        }
    }

    private static var limits: Limits {
        var limits = Limits()
        limits.retry = RetryPolicy(attemptLimit: 4, base: .seconds(1), cap: .seconds(5))
        return limits
    }

    /// Whether a recipient stands as its name says it must; `unknown` only where that may be.
    private static func isRight(_ recipient: Recipient) -> Bool {
        let code = recipient.code
        switch recipient.account.text.split(separator: "-").first {
        case "missing": return recipient.status == .failed && (code == 70_107 || code == 90_012)
        case "err":
            let own = ProviderModel.code(of: recipient.account, attempt: 1)
            return recipient.status == .failed && code == own
        default: return recipient.status == .sent && code == 0
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `every status and code is right and nobody is addressed after a final code`(
        seed: UInt64
    ) async throws {
        var world = try World(seed: seed, limits: Self.limits)
        let id = try await world.add(Self.accounts(3_000))
        try await world.run()
        let recipients = try await world.recipients(of: id)
        #expect(recipients.count == 3_000)
        let wrong = recipients.filter { !Self.isRight($0) }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
        #expect(world.provider.repeatedAfterFinal == 0, "seed \(seed)")
        #expect(world.provider.refusals == 0, "seed \(seed)")
        let attempts = recipients.filter { $0.account.text.hasPrefix("err-91000") }.map(\.attempts)
        #expect(attempts.allSatisfy { $0 == 4 }, "seed \(seed)")
        let campaign = try #require(try await world.store.campaign(id))
        #expect(campaign.state == .completed)
        #expect(campaign.counts.sent == 2_100 && campaign.counts.failed == 900)
        #expect(campaign.failures.reduce(0) { $0 + $1.count } == 900)
    }

    @Test func `retries dated by a clock that is a year ahead don't wait for that year`()
        async throws
    {
        var world = try World(seed: 1, limits: Self.limits)
        let id = try await world.add((0..<100).map { Account("flaky-2-70169-\($0)") })
        world.plan(.clock(.seconds(365 * 86_400)), after: .milliseconds(1))
        world.plan(.clock(.zero), after: .milliseconds(500))
        try await world.run(for: .seconds(120))
        let campaign = try #require(try await world.store.campaign(id))
        #expect(campaign.state == .completed)
        #expect(campaign.counts.sent == 100)
    }

    @Test(arguments: 1...60)
    func `crashes at any effect lose nothing and keep the quota`(seed: Int) async throws {
        var limits = Self.limits
        limits.messagesPerMinute = 600
        limits.burst = 200
        limits.batchAccounts = 60
        limits.retry.attemptLimit = 50
        var world = try World(
            seed: UInt64(seed),
            limits: limits,
            provider: ProviderModel(quota: 600),
            crashEvery: 25
        )
        let id = try await world.add((0..<500).map { Account("user-\($0)") })
        let other = try await world.add(
            (500..<700).map { Account($0 % 2 == 0 ? "missing-\($0)" : "flaky-1-70169-\($0)") },
            settings: Campaign.Settings(priority: .high, onUnknown: .leave)
        )
        try await world.run()
        #expect(world.crashes > 0, "seed \(seed)")
        #expect(world.provider.busiestMinute <= 600, "seed \(seed)")
        #expect(world.provider.refusals == 0, "seed \(seed)")
        for (campaign, policy) in [(id, UnknownPolicy.resend), (other, .leave)] {
            let recipients = try await world.recipients(of: campaign)
            let stands = try #require(try await world.store.campaign(campaign))
            #expect(stands.state == .completed, "seed \(seed): \(stands.counts)")
            #expect(stands.counts.total == recipients.count, "seed \(seed)")
            for status in Recipient.Status.allCases {
                let counted = recipients.count { $0.status == status }
                #expect(counted == stands.counts[status], "seed \(seed): \(status)")
            }
            let wrong = recipients.filter { recipient in
                let isOpen = policy == .leave && recipient.status == .unknown
                return !isOpen && !Self.isRight(recipient)
            }
            #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
            let invented = recipients.filter {
                $0.status == .sent && !world.provider.isAccepted($0.account)
            }
            #expect(invented.isEmpty, "seed \(seed): \(invented.prefix(3))")
        }
        #expect(world.provider.acceptedTwice <= world.resent, "seed \(seed)")
    }
}
