import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON
import Logging
import NIOCore

/// Server-sent events: what there is, then what changes.
struct EventController: RouteGroup {
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let encoder: CampaignEncoder
    let time: any TimeSource
    let cluster: @Sendable () -> ClusterStatus?
    let isStopping: @Sendable () -> Bool
    /// The memory of all watchers.
    let watching: MemoryBudget
    let board: EventBoard
    let logger: Logger

    var routes: [Route] {
        [
            Route(
                .get,
                "/v1/events",
                query: ["campaign", "snapshot", "message"],
                forms: [.events],
                watch
            )
        ]
    }

    private func watch(_ request: APIRequest) async throws -> Response {
        var wanted: Campaign.ID?
        if let text = try request.query.value("campaign") {
            guard let id = Campaign.ID(text) else { throw Problem.noCampaign(quoted(text)) }
            wanted = try await campaigns.existing(id).id
        }
        let wish = EventStream.Wish(
            campaign: wanted,
            snapshot: try request.query.flag("snapshot", otherwise: true),
            messages: try request.query.flag("message", otherwise: true)
        )
        let share = try watching.share(EventStream.memory)
        // The watch begins with the body: the response to HEAD has none.
        let body = ResponseBody { [self] writer in
            let reader = board.join()
            defer { board.leave(reader) }
            var stream = EventStream(source: self, wish: wish, reader: reader)
            do {
                while let buffer = try await stream.next() { try await writer.write(buffer) }
            } catch {
                // A watcher that goes away, or is cut off since it doesn't read, is nothing amiss.
                logger.debug("A watcher is gone", metadata: ["error": "\(error)"])
                throw error
            }
            try await writer.finish(nil)
        }
        var response = Response.stream(.events, body).holding(share)
        // A proxy that gathers the response (nginx does) would hold the events back.
        if let name = HTTPField.Name("X-Accel-Buffering") { response.headers[name] = "no" }
        return response
    }

    func event(of campaign: Campaign, hasMessage: Bool) -> ByteBuffer {
        Self.event("campaign") { encoder.write(campaign, hasMessage: hasMessage, to: &$0) }
    }

    /// The event of a campaign as it is in the store; nil if it is gone.
    func event(of id: Campaign.ID, hasMessage: Bool) async -> SharedTexts.Text {
        do {
            return .success(
                try await campaigns.campaign(id).map { event(of: $0, hasMessage: hasMessage) }
            )
        } catch {
            return .failure(error)
        }
    }

    func event(ofDeleted id: Campaign.ID) -> ByteBuffer {
        Self.event("deleted") { text in text.object { $0.field("id", id.description) } }
    }

    func event(of quota: QuotaStatus, in cluster: ClusterStatus?) -> ByteBuffer {
        Self.event("quota") { $0.quota(quota, in: cluster) }
    }

    /// The event of the minute that began then; nil if nothing was sent in it.
    func event(ofMinute start: Timestamp) async -> SharedTexts.Text {
        do {
            let steps = try await campaigns.traffic(since: start, per: .minute)
            let step = steps.first { $0.start == start }
            return .success(step.map { step in Self.event("minute") { $0.traffic(step) } })
        } catch {
            return .failure(error)
        }
    }

    /// An event whose data is JSON, which never holds a raw line break.
    private static func event(
        _ name: String,
        _ write: (inout JSONText) -> Void
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("event: \(name)\ndata: ")
        buffer.writeBytes(JSONText(write).bytes)
        buffer.writeString("\n\n")
        return buffer
    }
}
