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
        let share = try share(of: watching, EventStream.memory)
        // The watch begins with the body: the answer to HEAD has none.
        let body = ResponseBody { [self, wanted] writer in
            let reader = events.join()
            defer {
                events.leave(reader)
                withExtendedLifetime(share) {}
            }
            var stream = EventStream(endpoint: self, wanted: wanted, reader: reader)
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
    let reader: ChangeLog.Reader
    private var phase = Phase.snapshot(before: nil)
    /// Campaigns that have changed and were not told of yet.
    private var changed: ArraySlice<Campaign.ID> = []
    private var texts = SharedTexts()
    private var lastTick: Instant
    private var lastQuota: QuotaStatus?
    private var lastWrite: Instant

    private enum Phase {
        /// Campaigns that haven't ended, newest first, a page at a time.
        case snapshot(before: Campaign.ID?)
        case changes
        case over
    }

    /// Tells proxies and clients that the stream lives.
    private static let commentInterval = Duration.seconds(15)
    /// Campaigns of the snapshot that are in memory at once; a message may have 12 KB.
    private static let pageLimit = 8
    /// Bytes that are handed on at once, but for the last event's.
    private static let pieceSize = 32_768
    /// What a watcher holds while its client doesn't read: a page, and what the connection took.
    static let memory = 131_072
    private static let live = Set(Campaign.State.allCases.filter { !$0.isFinal })

    init(endpoint: EndpointResponder, wanted: Campaign.ID?, reader: ChangeLog.Reader) {
        self.endpoint = endpoint
        self.wanted = wanted
        self.reader = reader
        lastWrite = endpoint.now().instant
        lastTick = EventBoard.tick(notBefore: lastWrite)
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
        for campaign in page {
            buffer.writeImmutableBuffer(endpoint.event(of: campaign))
        }
        if page.count == Self.pageLimit {
            phase = .snapshot(before: page.last?.id)
        } else {
            phase = .changes
            lastTick = EventBoard.tick(notBefore: endpoint.now().instant)
            appendQuota(to: &buffer)
        }
    }

    private mutating func appendChanges(to buffer: inout ByteBuffer) async throws {
        guard !endpoint.isStopping() else {
            phase = .over
            return
        }
        if changed.isEmpty { try await look() }
        while buffer.readableBytes < Self.pieceSize, let id = changed.popFirst() {
            guard
                let event = try await texts.text(of: id, read: { await endpoint.event(of: id) })
                    .get()
            else {
                // Deleted: nobody who watches them all waits for it.
                if wanted == nil { continue }
                phase = .over
                return
            }
            buffer.writeImmutableBuffer(event)
        }
        appendQuota(to: &buffer)
        let silence = lastWrite.duration(to: endpoint.now().instant)
        if buffer.readableBytes == 0, silence >= Self.commentInterval {
            buffer.writeString(":\n\n")
        }
    }

    /// Waits for its time and looks at what has changed since the last look.
    private mutating func look() async throws {
        let next = lastTick.advanced(by: EventBoard.interval)
        lastTick = max(next, EventBoard.tick(notBefore: endpoint.now().instant))
        try await endpoint.time.sleep(until: lastTick)
        let look = endpoint.events.look(reader, at: lastTick)
        texts = look.texts
        changed = look.changed.filter { wanted == nil || $0 == wanted }[...]
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
        buffer.writeImmutableBuffer(Self.event("quota", text.bytes))
    }

    /// An event whose data is JSON, which never holds a raw line break.
    static func event(_ name: String, _ json: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("event: \(name)\ndata: ")
        buffer.writeBytes(json)
        buffer.writeString("\n\n")
        return buffer
    }
}

extension EndpointResponder {
    fileprivate func event(of campaign: Campaign) -> ByteBuffer {
        EventStream.event("campaign", Self.text(of: campaign, progress(of: campaign)))
    }

    /// The event of a campaign as it is now.
    fileprivate func event(of id: Campaign.ID) async -> SharedTexts.Text {
        do {
            return .success(try await campaigns.campaign(id).map { event(of: $0) })
        } catch {
            return .failure(error)
        }
    }
}
