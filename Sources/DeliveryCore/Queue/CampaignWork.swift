/// What the dispatcher knows of a campaign that isn't a draft.
package struct CampaignWork: Sendable, Hashable {
    package let id: Campaign.ID
    package var state: Campaign.State
    package var settings: Campaign.Settings
    /// The campaign's number in the order of creation, which breaks ties.
    package var order: Int64
    package var packetOverhead: Int
    /// Recipients never addressed.
    package var freshCount: Int
    /// Recipients that wait for a retry of their own.
    package var retryCount: Int
    /// When the first of those is due; nil if there are none.
    package var retryDueAt: Timestamp?
    /// When the first recipient that the policy `verify` asks about is to be looked up; nil if none
    /// waits for that.
    package var lookUpDueAt: Timestamp?
    /// The largest batch that the provider takes of this message; nil until a call was too large.
    package var accountLimit: Int?

    package init(
        id: Campaign.ID,
        state: Campaign.State,
        settings: Campaign.Settings,
        order: Int64,
        packetOverhead: Int,
        freshCount: Int,
        retryCount: Int,
        retryDueAt: Timestamp?,
        lookUpDueAt: Timestamp? = nil,
        accountLimit: Int?
    ) {
        self.id = id
        self.state = state
        self.settings = settings
        self.order = order
        self.packetOverhead = packetOverhead
        self.freshCount = freshCount
        self.retryCount = retryCount
        self.retryDueAt = retryDueAt
        self.lookUpDueAt = lookUpDueAt
        self.accountLimit = accountLimit
    }
}
