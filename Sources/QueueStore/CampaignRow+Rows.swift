import DeliveryCore
import DeliveryEngine

extension CampaignRow {
    private static let columns = """
        id, uuid, name, state, reason_code, reason_text, priority, messages_per_minute,
        start_at_ms, expires_at_ms, on_unknown, packet_overhead, created_at_ms, started_at_ms,
        finished_at_ms, cursor, pass, account_limit, fresh, waiting, queued, sending, retrying,
        sent, failed, unknown, canceled, expired, resent, touched_at_ms
        """

    /// Each of these is written out once, so that a hot path doesn't put together its statement.
    static let byID = "SELECT \(columns) FROM campaign WHERE uuid = ?"
    static let byKey = "SELECT \(columns) FROM campaign WHERE id = ?"
    static let live = """
        SELECT \(columns) FROM campaign INDEXED BY campaign_live
        WHERE state IN ('scheduled', 'running', 'paused', 'halted') ORDER BY id
        """
    /// Newest first: a UUID of version 7 begins with the time, and doesn't need the row it names.
    static let newest = """
        SELECT \(columns) FROM campaign WHERE uuid < ?1 ORDER BY uuid DESC LIMIT ?2
        """
    static let newestOfState = """
        SELECT \(columns) FROM campaign INDEXED BY campaign_state
        WHERE state = ?3 AND uuid < ?1 ORDER BY uuid DESC LIMIT ?2
        """

    private static let update = """
        UPDATE campaign SET name = ?2, state = ?3, reason_code = ?4, reason_text = ?5,
            priority = ?6, messages_per_minute = ?7, start_at_ms = ?8, expires_at_ms = ?9,
            started_at_ms = ?10, finished_at_ms = ?11, \(counters), touched_at_ms = ?25
        WHERE id = ?1
        """
    /// Leaves alone what indexes hold, which would be taken out of them and put in again each time.
    private static let updateInPlace = """
        UPDATE campaign SET name = ?2, reason_code = ?4, reason_text = ?5, priority = ?6,
            messages_per_minute = ?7, start_at_ms = ?8, expires_at_ms = ?9, started_at_ms = ?10,
            \(counters)
        WHERE id = ?1
        """
    private static let counters = """
        cursor = ?12, pass = ?13, account_limit = ?14, fresh = ?15, waiting = ?16, queued = ?17,
        sending = ?18, retrying = ?19, sent = ?20, failed = ?21, unknown = ?22, canceled = ?23,
        expired = ?24, resent = ?26
        """

    private static let insertion = """
        INSERT INTO campaign (id, uuid, name, state, priority, messages_per_minute, start_at_ms,
            expires_at_ms, on_unknown, packet_overhead, created_at_ms, started_at_ms,
            touched_at_ms)
        VALUES (?12, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10)
        """

    init(_ row: Query) throws {
        key = row.int64(0)
        id = try Campaign.ID(stored: row.bytes(1))
        name = row.text(2)
        state = try decoded(row.text(3))
        reason = row.optionalText(5).map { [code = row.optionalInt(4)] text in
            Campaign.Reason(code: code, text: text)
        }
        settings = Campaign.Settings(
            priority: try decoded(row.text(6)),
            messagesPerMinute: row.optionalInt(7),
            startAt: row.timestamp(8),
            expiresAt: row.timestamp(9),
            onUnknown: try decoded(row.text(10))
        )
        packetOverhead = row.int(11)
        createdAt = Timestamp(milliseconds: row.int64(12))
        startedAt = row.timestamp(13)
        finishedAt = row.timestamp(14)
        cursor = row.bytes(15)
        pass = row.int(16)
        accountLimit = row.optionalInt(17)
        fresh = row.int(18)
        waiting = row.int(19)
        for (index, status) in Self.countedOrder.enumerated() {
            counts[status] = row.int(20 + index)
        }
        resent = row.int(28)
        touchedAt = Timestamp(milliseconds: row.int64(29))
        storedPlace = Place(state: state, finishedAt: finishedAt, touchedAt: touchedAt)
    }

    /// The statuses in the order of their columns.
    private static let countedOrder: [Recipient.Status] = [
        .queued, .sending, .retrying, .sent, .failed, .unknown, .canceled, .expired,
    ]

    func save(_ connection: Connection) throws {
        try connection.run(
            place == storedPlace ? Self.updateInPlace : Self.update,
            .int(key),
            .text(name),
            .text(state.rawValue),
            .optional(reason?.code),
            .optional(reason?.text),
            .text(settings.priority.rawValue),
            .optional(settings.messagesPerMinute),
            .optional(settings.startAt?.milliseconds),
            .optional(settings.expiresAt?.milliseconds),
            .optional(startedAt?.milliseconds),
            .optional(finishedAt?.milliseconds),
            .text(cursor),
            .int(pass),
            .optional(accountLimit),
            .int(fresh),
            .int(waiting),
            .int(counts.queued),
            .int(counts.sending),
            .int(counts.retrying),
            .int(counts.sent),
            .int(counts.failed),
            .int(counts.unknown),
            .int(counts.canceled),
            .int(counts.expired),
            .int(touchedAt.milliseconds),
            .int(resent)
        )
    }

    /// Stores a new campaign with its message.
    static func insert(
        _ campaign: NewCampaign,
        _ key: Int64,
        state: Campaign.State,
        at time: Timestamp,
        _ connection: Connection
    ) throws {
        let settings = campaign.settings
        try connection.run(
            insertion,
            .blob(campaign.id.bytes),
            .text(campaign.name),
            .text(state.rawValue),
            .text(settings.priority.rawValue),
            .optional(settings.messagesPerMinute),
            .optional(settings.startAt?.milliseconds),
            .optional(settings.expiresAt?.milliseconds),
            .text(settings.onUnknown.rawValue),
            .int(campaign.message.packetOverhead),
            .int(time.milliseconds),
            .optional(state == .running ? time.milliseconds : nil),
            .int(key)
        )
        try connection.run(
            "INSERT INTO message VALUES (?, ?)",
            .int(key),
            .text(campaign.message.json)
        )
    }
}

extension Connection {
    func campaign(_ id: Campaign.ID) throws -> CampaignRow? {
        try first(CampaignRow.byID, .blob(id.bytes)) { try CampaignRow($0) }
    }

    func message(of campaign: CampaignRow) throws -> CheckedMessage {
        let json = try first("SELECT json FROM message WHERE campaign = ?", .int(campaign.key)) {
            $0.bytes(0)
        }
        return CheckedMessage(json: json ?? [], packetOverhead: campaign.packetOverhead)
    }

    /// The failures' counters, ascending by code.
    func failures(of key: Int64) throws -> [Campaign.Failure] {
        var failures: [Campaign.Failure] = []
        let sql = "SELECT code, count FROM failure WHERE campaign = ? AND count > 0 ORDER BY code"
        try each(sql, .int(key)) {
            failures.append(Campaign.Failure(code: $0.int(0), count: $0.int(1)))
        }
        return failures
    }

    /// How the campaign's passes ended, the first one first.
    func cuts(of campaign: CampaignRow) throws -> [Cut] {
        guard campaign.pass > 0 else { return [] }
        var cuts: [Cut] = []
        let sql = "SELECT status, at_ms FROM cut WHERE campaign = ? ORDER BY pass"
        try each(sql, .int(campaign.key)) {
            let at = Timestamp(milliseconds: $0.int64(1))
            cuts.append(Cut(status: try decoded($0.text(0)), at: at))
        }
        guard cuts.count == campaign.pass else {
            throw StoreError.unreadable("\(cuts.count) ends of a campaign's \(campaign.pass)")
        }
        return cuts
    }

    /// What the dispatcher must know of a campaign.
    func work(_ campaign: CampaignRow) throws -> CampaignWork {
        guard campaign.waiting > 0 else { return campaign.work(retryDueAt: nil) }
        let sql = """
            SELECT min(due_at_ms) FROM exception INDEXED BY exception_due
            WHERE campaign = ? AND pass = ? AND due_at_ms IS NOT NULL
            """
        let dueAt = try first(sql, .int(campaign.key), .int(campaign.pass)) { $0.timestamp(0) }
        return campaign.work(retryDueAt: dueAt ?? nil)
    }
}

extension Query {
    func timestamp(_ column: Int) -> Timestamp? {
        optionalInt64(column).map { Timestamp(milliseconds: $0) }
    }
}

extension Campaign.ID {
    var bytes: [UInt8] {
        [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
        }
    }

    init(stored bytes: [UInt8]) throws {
        guard bytes.count == 16 else {
            throw StoreError.unreadable("a campaign's id of \(bytes.count) bytes")
        }
        let halves = [bytes[..<8], bytes[8...]].map { half in
            half.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        self.init(high: halves[0], low: halves[1])
    }
}

/// Reads a name that a CHECK constraint has vouched for.
func decoded<T: RawRepresentable<String>>(_ name: String) throws -> T {
    guard let value = T(rawValue: name) else { throw StoreError.unreadable(name) }
    return value
}
