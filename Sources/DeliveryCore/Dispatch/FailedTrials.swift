/// Failed trials of an outage, by campaign: a message may be what breaks the call, so after each it
/// is another campaign's turn.
package struct FailedTrials: Sendable, Hashable {
    private var campaigns: [Campaign.ID: Int] = [:]
    private var hasUnknown = false

    /// Turns that go to other campaigns before one whose recipients end with the first call of
    /// unknown outcome: about an hour's.
    private static let riskTurns = 16

    mutating func add(_ campaign: Campaign.ID, isUnknown: Bool) {
        campaigns[campaign, default: 0] += 1
        if isUnknown { hasUnknown = true }
    }

    /// The turns that a campaign has had, by which trials choose: the fewest first.
    package func turns(of campaign: Campaign.ID, _ policy: UnknownPolicy) -> Int {
        let turns = campaigns[campaign, default: 0]
        // Whoever is refused is certainly not accepted: that puts nobody at risk.
        return policy == .leave && hasUnknown ? turns + Self.riskTurns : turns
    }
}
