import DeliveryCore
import DeliveryEngine
import JSON

/// A page of campaigns as JSON, made a few at a time.
///
/// A thousand campaigns with their messages are twelve megabytes, of which clients that don't read
/// would have the endpoint hold as many as they have connections.
struct CampaignPageText: Sendable {
    let campaigns: any Campaigns
    let encoder: CampaignEncoder
    let hasMessages: Bool
    let filter: CampaignFilter
    var before: Campaign.ID?
    /// How many more the page may have.
    var rest: Int
    /// How many campaigns are in each state, whatever the page's filter.
    let totals: [Campaign.State: Int]
    var separator = #"{"items":["#
    var isOver = false

    /// Campaigns that are in memory at once.
    private static let pieceLimit = 16
    /// What one page holds: a piece as the store found it and as text, with what is sent of it.
    static let memory = 512 << 10

    /// The next piece of the text; the last one ends the document.
    mutating func next() async throws(QueueError) -> [UInt8] {
        let limit = min(rest, Self.pieceLimit)
        let found = try await campaigns.campaigns(matching: filter, before: before, limit: limit)
        var bytes: [UInt8] = []
        for campaign in found.campaigns {
            bytes += separator.utf8
            bytes += encoder.bytes(campaign, hasMessage: hasMessages)
            separator = ","
        }
        rest -= found.campaigns.count
        before = found.next
        // A short piece with more behind it is as far as the store looked for this page.
        if before == nil || found.campaigns.count < limit || rest == 0 {
            isOver = true
            if separator != "," { bytes += separator.utf8 }
            bytes += "],".utf8
            bytes += end
        }
        return bytes
    }

    /// The document's last fields, with its bracket.
    private var end: ArraySlice<UInt8> {
        let document = JSONText.document { text in
            text.field("next_cursor", before.map { Cursor.campaign($0).text })
            text.object("totals") { text in
                for state in Campaign.State.allCases {
                    text.field(named: state.rawValue) { $0.number(totals[state] ?? 0) }
                }
            }
        }
        return document.dropFirst()
    }
}
