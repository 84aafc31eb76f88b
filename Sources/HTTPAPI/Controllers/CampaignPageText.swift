import DeliveryCore
import DeliveryEngine
import JSON

/// A page of campaigns as JSON, made a few at a time.
///
/// A thousand campaigns with their messages are twelve megabytes, of which clients that don't read
/// would have the endpoint hold as many as they have connections.
struct CampaignPageText: Sendable {
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let filter: CampaignFilter
    var before: Campaign.ID?
    /// How many more the page may have.
    var rest: Int
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
            let progress = deliveries.progress(of: campaign)
            bytes += JSONText { $0.campaign(campaign, progress: progress) }.bytes
            separator = ","
        }
        rest -= found.campaigns.count
        before = found.next
        if before == nil || rest == 0 {
            isOver = true
            if separator != "," { bytes += separator.utf8 }
            let cursor = before.map { Cursor.campaign($0).text }
            bytes += "],\"next_cursor\":".utf8
            bytes +=
                cursor.map { cursor in JSONText { $0.string(cursor) }.bytes } ?? Array("null".utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        return bytes
    }
}
