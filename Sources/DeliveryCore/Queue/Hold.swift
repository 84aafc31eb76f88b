/// Recipients that count against the quota and their campaign's cap until an instant.
package struct Hold: Sendable, Hashable {
    package let campaign: Campaign.ID
    package let count: Int
    package let until: Instant

    package init(campaign: Campaign.ID, count: Int, until: Instant) {
        self.campaign = campaign
        self.count = count
        self.until = until
    }
}
