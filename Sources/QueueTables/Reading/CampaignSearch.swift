import DeliveryCore
import DeliveryEngine

/// Finds the newest campaigns of some states, maybe by a part of their name.
///
/// It reads ids and names alone, and whole campaigns only of the page that it answers with. Names
/// are compared here: `LIKE` has wildcards, and folds other letters in one database than in another.
struct CampaignSearch {
    let connection: any Connection
    let filter: CampaignFilter
    let limit: Int

    /// The most campaigns whose names one page looks at.
    private static let namesPerPage = 5_000

    func page(before: Campaign.ID?) throws -> CampaignPage {
        let end = Value.blob(before.map(\.bytes) ?? [UInt8](repeating: 0xFF, count: 17))
        // Each state has an order of its own in the index: its newest are read, and all are merged.
        let sources: [(sql: StatementText, values: [Value])] =
            filter.states.isEmpty
            ? [(sql.campaign.newest, [end])]
            : filter.states.map { (sql.campaign.newestOfState, [end, .text($0.rawValue)]) }
        let sought = filter.name.utf8.map(\.lowercased)
        let depth = sought.isEmpty ? limit + 1 : Self.namesPerPage / sources.count
        var found: [Campaign.ID] = []
        // Behind it the campaigns of some state weren't looked at.
        var horizon: Campaign.ID?
        for source in sources {
            var seen = 0
            for entry in try connection.all(source.sql, source.values + [.int(depth)], body: entry)
            {
                seen += 1
                if seen == depth { horizon = max(horizon ?? entry.id, entry.id) }
                if entry.name.contains(lowercased: sought) { found.append(entry.id) }
            }
        }
        let ordered = found.filter { id in horizon.map { id >= $0 } ?? true }.sorted(by: >)
        let page = ordered.prefix(limit)
        return CampaignPage(
            campaigns: try page.compactMap { try connection.campaign($0) }
                .map { try connection.whole($0) },
            next: ordered.count > limit ? page.last : horizon
        )
    }

    private func entry(_ row: any Row) throws -> (id: Campaign.ID, name: [UInt8]) {
        (try Campaign.ID(stored: row.bytes(0)), row.bytes(1))
    }
}

extension [UInt8] {
    /// Whether bytes are a part of these, capital letters of ASCII being small ones here.
    fileprivate func contains(lowercased sought: [UInt8]) -> Bool {
        guard let first = sought.first else { return true }
        guard count >= sought.count else { return false }
        return (0...(count - sought.count)).contains { start in
            self[start].lowercased == first
                && zip(self[start...], sought).allSatisfy { $0.lowercased == $1 }
        }
    }
}

extension UInt8 {
    /// The small letter of a capital one of ASCII; any other byte as it is.
    fileprivate var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
