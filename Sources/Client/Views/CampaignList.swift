import JSON
package import Platform

/// Pages of campaigns joined.
package struct CampaignList: Sendable {
    package private(set) var campaigns: [CampaignView] = []
    /// The cursor of the next page; nil at the end, and before the first.
    package private(set) var nextCursor: String?
    /// The campaigns' own texts, separated by commas.
    private var items: [UInt8] = []

    package init() {}

    package mutating func add(_ page: [UInt8]) throws(CommandFailure) {
        let object = try DaemonClient.parse(page)
        for item in object["items"]?.elements ?? [] {
            campaigns.append(CampaignView(item))
            if !items.isEmpty { items.append(UInt8(ascii: ",")) }
            items += page[item.range]
        }
        nextCursor = object["next_cursor"]?.string
    }

    /// One page with all campaigns, as the endpoint would write it, and a line end.
    package var json: [UInt8] {
        Array(#"{"items":["#.utf8) + items + Array(#"],"next_cursor":null}"#.utf8)
            + [UInt8(ascii: "\n")]
    }

    /// The campaigns as a table.
    package var table: TextTable {
        // Suppressed recipients and jobs are rare, and a line is long enough without them.
        let hasSuppressed = campaigns.contains { $0.count(.suppressed) > 0 }
        let hasJobs = campaigns.contains { $0.goingJob != nil }
        var table = TextTable(
            [
                .text("ID"), .text("STATE"), .text("PRIORITY"), .number("TOTAL"), .number("SENT"),
                .number("FAILED"), .number("UNKNOWN"),
            ] + (hasSuppressed ? [.number("SUPPRESSED")] : [])
                + (hasJobs ? [.text("JOB")] : []) + [.text("CREATED"), .text("NAME")]
        )
        for campaign in campaigns {
            table.add(
                [
                    campaign.id, campaign.state, campaign.priority, campaign.total.grouped,
                    campaign.count(.sent).grouped, campaign.count(.failed).grouped,
                    campaign.count(.unknown).grouped,
                ] + (hasSuppressed ? [campaign.count(.suppressed).grouped] : [])
                    + (hasJobs ? [campaign.goingJob?.brief ?? ""] : [])
                    + [campaign.createdAt, campaign.name]
            )
        }
        return table
    }
}
