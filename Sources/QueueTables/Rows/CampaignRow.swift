import DeliveryCore
import DeliveryEngine

/// A campaign's row: all but message, failures and recipients.
struct CampaignRow: Sendable {
    var key: Int64 = 0
    let id: Campaign.ID
    var name: String
    var state: Campaign.State
    var reason: Campaign.Reason?
    var settings: Campaign.Settings
    let packetOverhead: Int
    let createdAt: Timestamp
    var startedAt: Timestamp?
    var finishedAt: Timestamp?
    /// The last account claimed, empty before the first claim.
    var cursor: [UInt8] = []
    /// How often the campaign was canceled or expired; a waiting recipient belongs to the
    /// generation in which it began to wait.
    var generation = 0
    var accountLimit: Int?
    /// Recipients beyond the cursor; 0 after a termination.
    var fresh = 0
    /// Recipients of the present generation that wait for a retry of their own.
    var waiting = 0
    /// Recipients that wait for a look-up in the provider's history; they count as `retrying`.
    var verifying = 0
    /// Recipients that a check failed, or that were suppressed, before any call addressed them: claims
    /// and range batches step over them.
    var absent = 0
    var counts = Counts()
    var resent = 0
    /// When the campaign was created, last took in recipients, or was reopened by a retry.
    var touchedAt: Timestamp
    /// The indexed columns as they are stored; most changes leave them as they are.
    private var stored: [Value] = []

    /// A new campaign of so many recipients, without its key.
    init(_ campaign: NewCampaign, recipients: Int, at time: Timestamp) {
        id = campaign.id
        name = campaign.name
        state = .draft
        settings = campaign.settings
        packetOverhead = campaign.message.packetOverhead
        createdAt = time
        fresh = recipients
        counts.queued = recipients
        touchedAt = time
        guard campaign.start else { return }
        state = startsLater(than: time) ? .scheduled : .running
        if state == .running { startedAt = time }
        finish(at: time)
    }

    /// Ends a campaign whose recipients all have their final status.
    mutating func finish(at time: Timestamp) {
        guard !counts.hasWork else { return }
        switch state {
        case .running, .paused, .halted:
            state = .completed
            reason = nil
            finishedAt = time
        case .completed, .canceled, .expired:
            // A canceled or expired campaign ends with its last call in flight.
            finishedAt = finishedAt ?? time
        case .draft, .scheduled:
            break
        }
    }

    /// Moves recipients in the counters from one status to another.
    mutating func move(_ count: Int, from old: Recipient.Status, to new: Recipient.Status) {
        counts[old] -= count
        counts[new] += count
    }

    /// Recipients that a cancel or an expiry ends: they wait for a call, and not for a look-up.
    var endable: Int { counts.queued + counts.retrying - verifying }

    /// Whether every recipient is final and no call is in flight.
    var isOver: Bool { state.isFinal && !counts.hasWork }

    func isPastExpiry(at time: Timestamp) -> Bool {
        settings.expiresAt.map { $0 <= time } ?? false
    }

    func startsLater(than time: Timestamp) -> Bool {
        settings.startAt.map { $0 > time } ?? false
    }

    func work(retryDueAt: Timestamp?, lookUpDueAt: Timestamp?) -> CampaignWork {
        var work = CampaignWork(
            id: id,
            state: state,
            settings: settings,
            order: key,
            packetOverhead: packetOverhead,
            freshCount: fresh,
            retryCount: waiting,
            retryDueAt: retryDueAt,
            accountLimit: accountLimit
        )
        work.lookUpDueAt = lookUpDueAt
        return work
    }

    func campaign(
        message: CheckedMessage,
        failures: [Campaign.Failure] = [],
        jobs: [Job] = []
    ) -> Campaign {
        Campaign(
            id: id,
            name: name,
            state: state,
            reason: reason,
            settings: settings,
            createdAt: createdAt,
            startedAt: startedAt,
            finishedAt: finishedAt,
            message: message,
            counts: counts,
            resent: resent,
            failures: failures,
            jobs: jobs
        )
    }
}

// MARK: Columns, in the order of `CampaignStatements`

extension CampaignRow {
    /// The id's column, which is read even if the rest of the row is damaged.
    static let idColumn = 30

    /// The statuses in the order of their columns.
    private static let counted: [Recipient.Status] = [
        .queued, .sending, .retrying, .sent, .failed, .unknown, .canceled, .expired, .suppressed,
    ]

    init(_ row: any Row) throws {
        key = row.int64(0)
        name = row.text(1)
        reason = row.optionalText(3).map { [code = row.optionalInt(2)] text in
            Campaign.Reason(code: code, text: text)
        }
        settings = Campaign.Settings(
            priority: try decoded(row.text(4)),
            messagesPerMinute: row.optionalInt(5),
            startAt: row.timestamp(6),
            expiresAt: row.timestamp(7),
            onUnknown: try decoded(row.text(31))
        )
        startedAt = row.timestamp(8)
        cursor = row.bytes(9)
        generation = row.int(10)
        accountLimit = row.optionalInt(11)
        fresh = row.int(12)
        waiting = row.int(13)
        for (index, status) in Self.counted.enumerated() { counts[status] = row.int(14 + index) }
        resent = row.int(23)
        absent = row.int(24)
        settings.sendBetween = try row.optionalText(25).map { try SendingHours(stored: $0) }
        state = try decoded(row.text(26))
        finishedAt = row.timestamp(27)
        touchedAt = Timestamp(milliseconds: row.int64(28))
        verifying = row.int(29)
        id = try Campaign.ID(stored: row.bytes(Self.idColumn))
        packetOverhead = row.int(32)
        createdAt = Timestamp(milliseconds: row.int64(33))
        stored = indexedValues
    }

    private var changingValues: [Value] {
        [
            .int(key),
            .text(name),
            .optional(reason?.code),
            .optional(reason?.text),
            .text(settings.priority.rawValue),
            .optional(settings.messagesPerMinute),
            .optional(settings.startAt?.milliseconds),
            .optional(settings.expiresAt?.milliseconds),
            .optional(startedAt?.milliseconds),
            .text(cursor),
            .int(generation),
            .optional(accountLimit),
            .int(fresh),
            .int(waiting),
        ] + Self.counted.map { .int(counts[$0]) } + [
            .int(resent), .int(absent), .optional(settings.sendBetween?.stored),
        ]
    }

    private var indexedValues: [Value] {
        [
            .text(state.rawValue),
            .optional(finishedAt?.milliseconds),
            .int(touchedAt.milliseconds),
            .int(verifying),
        ]
    }

    func insert(_ connection: any Connection) throws {
        let constantValues: [Value] = [
            .blob(id.bytes),
            .text(settings.onUnknown.rawValue),
            .int(packetOverhead),
            .int(createdAt.milliseconds),
        ]
        try connection.run(sql.campaign.insert, changingValues + indexedValues + constantValues)
    }

    func save(_ connection: any Connection) throws {
        let indexed = indexedValues
        if indexed == stored {
            try connection.run(sql.campaign.updateInPlace, changingValues)
        } else {
            try connection.run(sql.campaign.update, changingValues + indexed)
        }
    }
}
