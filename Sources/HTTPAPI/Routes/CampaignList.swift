import DeliveryCore
import DeliveryEngine
import JSON
import NIOCore

/// A page of campaigns as JSON, made a few at a time.
///
/// A thousand campaigns with their messages are twelve megabytes, of which clients that don't read
/// would have the endpoint hold as many as they have connections.
struct CampaignList {
    private let endpoint: EndpointResponder
    private let states: Set<Campaign.State>
    private var before: Campaign.ID?
    /// How many more the page may have.
    private var rest: Int
    private var text = JSONText()
    private var hasBegun = false
    private(set) var isOver = false

    /// Campaigns that are in memory at once.
    private static let pieceLimit = 16
    /// What one list holds: a piece as the store found it and as text, with what is sent of it.
    static let memory = 512 << 10

    init(endpoint: EndpointResponder, states: Set<Campaign.State>, before: Campaign.ID?, rest: Int)
    {
        self.endpoint = endpoint
        self.states = states
        self.before = before
        self.rest = rest
    }

    /// The next piece of the text; the last one ends the document.
    mutating func next() async throws(QueueError) -> ByteBuffer {
        let limit = min(rest, Self.pieceLimit)
        // One more than wanted tells whether there is a next page, or piece.
        let found = try await endpoint.campaigns.campaigns(
            in: states,
            before: before,
            limit: limit + 1
        )
        if !hasBegun {
            hasBegun = true
            text.beginObject()
            text.name("items")
            text.beginArray()
        }
        for campaign in found.prefix(limit) {
            text.campaign(campaign, progress: endpoint.progress(of: campaign))
            before = campaign.id
        }
        rest -= min(limit, found.count)
        let hasMore = found.count > limit
        if !hasMore || rest == 0 {
            isOver = true
            text.endArray()
            text.name("next_cursor")
            text.optionalString(hasMore ? before.map { Cursor.campaign($0).text } : nil)
            text.endObject()
        }
        return ByteBuffer(bytes: text.take())
    }
}
