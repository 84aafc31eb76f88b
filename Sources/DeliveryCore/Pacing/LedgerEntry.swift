/// A call's entry in the ledger as it was found at a start.
package struct LedgerEntry: Sendable, Hashable {
    package let campaign: Campaign.ID
    package let count: Int
    /// How long its call could stay unanswered.
    package let timeout: Duration
    /// When its recipients were to be released, on the clock of its boot; nil while its call was
    /// out.
    package let releaseAt: Instant?
    /// The last instant that its boot wrote down, if that boot is over; nil for this boot.
    package let lastInstantOfBoot: Instant?

    package init(
        campaign: Campaign.ID,
        count: Int,
        timeout: Duration,
        releaseAt: Instant?,
        lastInstantOfBoot: Instant?
    ) {
        self.campaign = campaign
        self.count = count
        self.timeout = timeout
        self.releaseAt = releaseAt
        self.lastInstantOfBoot = lastInstantOfBoot
    }

    /// The minute in which the provider counts.
    package static let window: Duration = .seconds(60)
    /// How long after the daemon saw an unknown outcome the provider might still count the call: an
    /// assumption, named in the README.
    package static let grace: Duration = .seconds(5)

    /// How long the entry counts from a start on; nil if it counts no more.
    ///
    /// A call that was out may be counted until its timeout and the grace have passed, and only
    /// then does its minute begin. An entry of an earlier boot keeps the rest of its hold as of the
    /// last instant that boot wrote: at least that much time has passed since, and how much more
    /// isn't known.
    package func hold(at now: Instant) -> Hold? {
        let until: Instant
        switch (releaseAt, lastInstantOfBoot) {
        case (nil, _):
            until = now.advanced(by: Self.window + timeout + Self.grace)
        case (let releaseAt?, nil):
            until = releaseAt
        case (let releaseAt?, let last?):
            until = now.advanced(by: last.duration(to: releaseAt))
        }
        return until > now ? Hold(campaign: campaign, count: count, until: until) : nil
    }
}
