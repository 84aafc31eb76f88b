package import DeliveryCore

/// Campaigns as a seed makes them up.
package enum Invention {
    /// Up to 200 accounts, of which some have fates of their own.
    package static func accounts(
        campaign: Int,
        using random: inout SplitMix64
    ) -> [Account] {
        let hasFates = Bool.random(using: &random)
        return (0..<Int.random(in: 1...200, using: &random)).map { index in
            let name = "\(campaign)-\(index)"
            guard hasFates else { return Account("user-\(name)") }
            return switch Int.random(in: 0..<12, using: &random) {
            case 0: Account("missing-\(name)")
            case 1: Account("flaky-2-70169-\(name)")
            case 2: Account("err-91000-\(name)")
            case 3: Account("err-90048-\(name)")
            default: Account("user-\(name)")
            }
        }
    }

    /// The policy of a campaign in a life with jobs: mostly `verify`.
    package static func policy(using random: inout SplitMix64) -> UnknownPolicy {
        let policies: [UnknownPolicy] = [.verify, .verify, .resend, .leave]
        return policies[Int.random(in: 0..<policies.count, using: &random)]
    }

    package static func settings(
        _ now: Timestamp,
        using random: inout SplitMix64
    ) -> Campaign.Settings {
        var settings = Campaign.Settings()
        settings.priority = Priority.allCases[Int.random(in: 0..<3, using: &random)]
        settings.onUnknown = Bool.random(using: &random) ? .resend : .leave
        if Int.random(in: 0..<3, using: &random) == 0 {
            settings.messagesPerMinute = Int.random(in: 5...200, using: &random)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            settings.startAt = now.advanced(by: .seconds(Int.random(in: 1...300, using: &random)))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let wait = Int.random(in: 301...900, using: &random)
            settings.expiresAt = now.advanced(by: .seconds(wait))
        }
        return settings
    }
}
