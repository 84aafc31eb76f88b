import DeliveryCore
import DeliveryEngine
import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOCore

extension EndpointResponder {
    /// Server-sent events: what there is, then what changes.
    func watchEvents(_ call: Call) async throws -> Response {
        var wanted: Campaign.ID?
        if let text = try call.query.value("campaign") {
            guard let id = Campaign.ID(text) else { throw Problem.noCampaign(quoted(text)) }
            wanted = try await existing(id).id
        }
        // The watch begins with the body: the answer to HEAD has none.
        let body = ResponseBody { [self, wanted] writer in
            let watch = deliveries.changes.watch()
            defer { deliveries.changes.end(watch) }
            var stream = EventStream(endpoint: self, wanted: wanted, watch: watch)
            do {
                while let buffer = try await stream.next() { try await writer.write(buffer) }
            } catch {
                // A watcher that goes away, or is cut off since it doesn't read, is nothing amiss.
                logger.debug("A watcher is gone", metadata: ["error": "\(error)"])
                throw error
            }
            try await writer.finish(nil)
        }
        var headers: HTTPFields = [.contentType: MediaType.events.contentType]
        // A proxy that gathers the answer (nginx does) would hold the events back.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// One watcher's stream of events.
///
/// It looks four times a second at what has changed, and looks again only when what it found has
/// been handed on. So nothing piles up: whoever reads slowly hears of fewer states in between.
private struct EventStream {
    let endpoint: EndpointResponder
    let wanted: Campaign.ID?
    let watch: ChangeFeed.Watch
    private var phase = Phase.snapshot(before: nil)
    /// Campaigns that have changed and were not told of yet.
    private var changed: ArraySlice<Campaign.ID> = []
    private var lastQuota: QuotaStatus?
    private var lastWrite: Instant

    private enum Phase {
        /// Campaigns that haven't ended, newest first, a page at a time.
        case snapshot(before: Campaign.ID?)
        case changes
        case over
    }

    /// At most four events a second for each object.
    private static let interval = Duration.milliseconds(250)
    /// Tells proxies and clients that the stream lives.
    private static let commentInterval = Duration.seconds(15)
    private static let pageLimit = 100
    private static let live = Set(Campaign.State.allCases.filter { !$0.isFinal })

    init(endpoint: EndpointResponder, wanted: Campaign.ID?, watch: ChangeFeed.Watch) {
        self.endpoint = endpoint
        self.wanted = wanted
        self.watch = watch
        lastWrite = endpoint.now().instant
    }

    /// What there is to say next, once there is something; nil when the service stops or the
    /// watched campaign is deleted.
    mutating func next() async throws -> ByteBuffer? {
        var buffer = ByteBuffer()
        while buffer.readableBytes == 0 {
            switch phase {
            case .snapshot(let before): try await appendSnapshot(before: before, to: &buffer)
            case .changes: try await appendChanges(to: &buffer)
            case .over: return nil
            }
        }
        lastWrite = endpoint.now().instant
        return buffer
    }

    private mutating func appendSnapshot(
        before: Campaign.ID?,
        to buffer: inout ByteBuffer
    ) async throws {
        var page: [Campaign] = []
        if let wanted {
            page = try await endpoint.campaigns.campaign(wanted).map { [$0] } ?? []
        } else {
            page = try await endpoint.campaigns.campaigns(
                in: Self.live,
                before: before,
                limit: Self.pageLimit
            )
        }
        for campaign in page { append(campaign, to: &buffer) }
        if page.count == Self.pageLimit {
            phase = .snapshot(before: page.last?.id)
        } else {
            phase = .changes
            appendQuota(to: &buffer)
        }
    }

    private mutating func appendChanges(to buffer: inout ByteBuffer) async throws {
        guard !endpoint.isStopping() else {
            phase = .over
            return
        }
        if changed.isEmpty { try await look() }
        for id in changed.prefix(Self.pageLimit) {
            changed.removeFirst()
            guard let campaign = try await endpoint.campaigns.campaign(id) else {
                // Deleted: nobody who watches them all waits for it.
                if wanted == nil { continue }
                phase = .over
                return
            }
            append(campaign, to: &buffer)
        }
        appendQuota(to: &buffer)
        let silence = lastWrite.duration(to: endpoint.now().instant)
        if buffer.readableBytes == 0, silence >= Self.commentInterval {
            buffer.writeString(":\n\n")
        }
    }

    /// Waits for its time and looks at what has changed since the last look.
    private mutating func look() async throws {
        let time = endpoint.now().instant.advanced(by: Self.interval)
        try await endpoint.time.sleep(until: time)
        changed =
            endpoint.deliveries.changes.changes(of: watch)
            .filter { wanted == nil || $0 == wanted }[...]
    }

    private func append(_ campaign: Campaign, to buffer: inout ByteBuffer) {
        let progress = endpoint.progress(of: campaign)
        append("campaign", EndpointResponder.text(of: campaign, progress), to: &buffer)
    }

    /// Adds the quota if it isn't as it was.
    private mutating func appendQuota(to buffer: inout ByteBuffer) {
        let quota = endpoint.deliveries.quota()
        var comparable = quota
        // While nothing is sent this is simply now, which is no news.
        comparable.nextCallAt = lastQuota?.nextCallAt ?? quota.nextCallAt
        guard comparable != lastQuota else { return }
        lastQuota = comparable
        var text = JSONText()
        text.quota(quota)
        append("quota", text.bytes, to: &buffer)
    }

    /// Adds an event whose data is JSON, which never holds a raw line break.
    private func append(_ event: String, _ json: [UInt8], to buffer: inout ByteBuffer) {
        buffer.writeString("event: \(event)\ndata: ")
        buffer.writeBytes(json)
        buffer.writeString("\n\n")
    }
}
