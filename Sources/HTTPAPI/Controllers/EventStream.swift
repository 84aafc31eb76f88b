import DeliveryCore
import DeliveryEngine
import NIOCore

/// One watcher's stream of events.
///
/// It looks four times a second at what has changed, and looks again only when what it found has
/// been handed on. So nothing piles up: a client that reads slowly hears of fewer states in between.
struct EventStream {
    private let source: EventController
    private let wanted: Campaign.ID?
    private let reader: ChangeLog.Reader
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

    init(source: EventController, wanted: Campaign.ID?, reader: ChangeLog.Reader) {
        self.source = source
        self.wanted = wanted
        self.reader = reader
        lastWrite = source.time.now().instant
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
        lastWrite = source.time.now().instant
        return buffer
    }

    private mutating func appendSnapshot(
        before: Campaign.ID?,
        to buffer: inout ByteBuffer
    ) async throws {
        var page: [Campaign] = []
        if let wanted {
            page = try await source.campaigns.campaign(wanted).map { [$0] } ?? []
        } else {
            page = try await source.campaigns.campaigns(
                matching: CampaignFilter(states: Self.live),
                before: before,
                limit: Self.pageLimit
            ).campaigns
        }
        for campaign in page {
            buffer.writeImmutableBuffer(source.event(of: campaign))
        }
        if page.count == Self.pageLimit {
            phase = .snapshot(before: page.last?.id)
        } else {
            phase = .changes
            lastTick = EventBoard.tick(notBefore: source.time.now().instant)
            appendQuota(to: &buffer)
        }
    }

    private mutating func appendChanges(to buffer: inout ByteBuffer) async throws {
        guard !source.isStopping() else {
            phase = .over
            return
        }
        if changed.isEmpty { try await look() }
        while buffer.readableBytes < Self.pieceSize, let id = changed.popFirst() {
            guard
                let event = try await texts.text(of: id, read: { await source.event(of: id) })
                    .get()
            else {
                // Deleted: watchers of all campaigns don't wait for it.
                if wanted == nil { continue }
                phase = .over
                return
            }
            buffer.writeImmutableBuffer(event)
        }
        appendQuota(to: &buffer)
        let silence = lastWrite.duration(to: source.time.now().instant)
        if buffer.readableBytes == 0, silence >= Self.commentInterval {
            buffer.writeString(":\n\n")
        }
    }

    /// Waits for its time and looks at what has changed since the last look.
    private mutating func look() async throws {
        let next = lastTick.advanced(by: EventBoard.interval)
        lastTick = max(next, EventBoard.tick(notBefore: source.time.now().instant))
        try await source.time.sleep(until: lastTick)
        let look = source.board.look(reader, at: lastTick)
        texts = look.texts
        changed = look.changed.filter { wanted == nil || $0 == wanted }[...]
    }

    /// Adds the quota if it isn't as it was.
    private mutating func appendQuota(to buffer: inout ByteBuffer) {
        let quota = source.deliveries.quota()
        var comparable = quota
        // While nothing is sent this is the present time, which is no news.
        comparable.nextCallAt = lastQuota?.nextCallAt ?? quota.nextCallAt
        guard comparable != lastQuota else { return }
        lastQuota = comparable
        buffer.writeImmutableBuffer(source.event(of: quota))
    }
}
