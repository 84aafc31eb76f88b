import DeliveryCore
import DeliveryEngine
import NIOCore

/// One watcher's stream of events.
///
/// It looks four times a second at what has changed, and looks again only when what it found has
/// been handed on. So nothing piles up: a client that reads slowly hears of fewer states in between.
struct EventStream {
    private let source: EventController
    private let wish: Wish
    private let reader: ChangeLog.Reader
    private var phase: Phase
    /// Campaigns that have changed and were not told of yet.
    private var changed: ArraySlice<Campaign.ID> = []
    private var texts = SharedTexts()
    /// Where minutes are told of; nil if this second's were already.
    private var minutes: SharedTexts?
    private var lastSecond: Int64?
    /// The minutes that were looked at last, as they were told of.
    private var toldMinutes: [Timestamp: ByteBuffer] = [:]
    private var lastTick: Instant
    private var lastQuota: QuotaStatus?
    private var lastCluster: ClusterStatus?
    private var lastWrite: Instant

    /// What a watcher asked for.
    struct Wish {
        /// The one campaign to tell of; nil for all, and for the minutes.
        let campaign: Campaign.ID?
        /// Whether to begin with the campaigns that there are.
        let snapshot: Bool
        /// Whether campaigns come with their messages.
        let messages: Bool
    }

    private enum Phase {
        /// Campaigns that haven't ended, newest first, a page at a time.
        case snapshot(before: Campaign.ID?)
        /// The quota, the snapshot's last part, which is told to all.
        case quota
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
    /// What is recorded of a minute is in the store well within this of its end.
    private static let recordTime = Duration.seconds(-5)
    private static let live = Set(Campaign.State.allCases.filter { !$0.isFinal })

    init(source: EventController, wish: Wish, reader: ChangeLog.Reader) {
        self.source = source
        self.wish = wish
        self.reader = reader
        phase = wish.snapshot ? .snapshot(before: nil) : .quota
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
            case .quota:
                phase = .changes
                lastTick = EventBoard.tick(notBefore: source.time.now().instant)
                appendQuota(to: &buffer)
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
        let page: CampaignPage
        if let wanted = wish.campaign {
            let campaign = try await source.campaigns.campaign(wanted)
            page = CampaignPage(campaigns: campaign.map { [$0] } ?? [], next: nil)
        } else {
            page = try await source.campaigns.campaigns(
                matching: CampaignFilter(states: Self.live),
                before: before,
                limit: Self.pageLimit
            )
        }
        for campaign in page.campaigns {
            buffer.writeImmutableBuffer(source.event(of: campaign, hasMessage: wish.messages))
        }
        phase = page.next.map { .snapshot(before: $0) } ?? .quota
    }

    private mutating func appendChanges(to buffer: inout ByteBuffer) async throws {
        guard !source.isStopping() else {
            phase = .over
            return
        }
        if changed.isEmpty { try await look() }
        while buffer.readableBytes < Self.pieceSize, let id = changed.popFirst() {
            let subject = SharedTexts.Subject.campaign(id, hasMessage: wish.messages)
            let text = await texts.text(of: subject) {
                await source.event(of: id, hasMessage: wish.messages)
            }
            if let event = try text.get() {
                buffer.writeImmutableBuffer(event)
            } else {
                buffer.writeImmutableBuffer(source.event(ofDeleted: id))
                // Nothing more can come of it.
                if wish.campaign != nil {
                    phase = .over
                    return
                }
            }
        }
        await appendMinutes(to: &buffer)
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
        changed = look.changed.filter { wish.campaign == nil || $0 == wish.campaign }[...]
        let second = EventBoard.second(of: lastTick)
        if wish.campaign == nil, second != lastSecond { minutes = look.minutes }
        lastSecond = second
    }

    /// Adds the running minute if it isn't as it was, and the one before while records of it come in.
    private mutating func appendMinutes(to buffer: inout ByteBuffer) async {
        guard let texts = minutes else { return }
        minutes = nil
        let now = source.time.now().timestamp
        var looked: [Timestamp: ByteBuffer] = [:]
        for start in Set([now.advanced(by: Self.recordTime), now].map { $0.step(.minute) }).sorted()
        {
            let text = await texts.text(of: .minute(start)) { await source.event(ofMinute: start) }
            // Where the store can't be read now, the next second's look tells of it.
            guard case .success(let event?) = text else { continue }
            looked[start] = event
            if toldMinutes[start] != event { buffer.writeImmutableBuffer(event) }
        }
        toldMinutes = looked
    }

    /// Adds the quota if it isn't as it was.
    private mutating func appendQuota(to buffer: inout ByteBuffer) {
        let quota = source.deliveries.quota()
        var comparable = quota
        // While nothing is sent this is the present time, which is no news.
        comparable.nextCallAt = lastQuota?.nextCallAt ?? quota.nextCallAt
        // These move with the time, and clients know how.
        comparable.window.releases = lastQuota?.window.releases ?? quota.window.releases
        let cluster = source.cluster()
        guard comparable != lastQuota || cluster != lastCluster else { return }
        lastQuota = comparable
        lastCluster = cluster
        buffer.writeImmutableBuffer(source.event(of: quota, in: cluster))
    }
}
