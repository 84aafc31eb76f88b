import DeliveryCore
import DeliveryEngine

/// One transaction of the writer.
///
/// A campaign's row is read once, changed in memory by all writes of the transaction, and saved
/// once at the end: a commit of several records costs one update of the counters.
struct Transaction {
    let connection: any Connection
    let now: Now
    /// The size of accounts in the provider's requests.
    let rules: any AccountRules
    /// In whose name messages go out that name nobody; nil where that isn't known.
    let sender: [UInt8]?
    /// The most rows that one step of a mass operation changes.
    let rowsPerStep: Int
    /// Rows that the transaction's mass operations may still look at.
    var rowsLeft: Int
    /// How many streams of recipients are open, by draft.
    let intakes: [Campaign.ID: Int]
    /// Keys of campaigns whose creation isn't complete: their rows aren't stray.
    let arriving: Set<Int64>
    /// Nil where nobody is told of events.
    let outbox: OutboxTerms?
    var memory: WriterMemory
    var traffic = Traffic()
    /// Events of campaigns that are to be written, in their order.
    var noted: [(campaign: Int64, kind: EventKind)] = []
    /// Whether events were written.
    var hasEvents = false
    private(set) var sequence: UInt32 = 0
    private var rows: [Int64: CampaignRow] = [:]
    private var keys: [Campaign.ID: Int64] = [:]
    private var changed: Set<Int64> = []

    init(
        _ connection: any Connection,
        now: Now,
        rules: any AccountRules,
        sender: [UInt8]?,
        rowsPerStep: Int,
        intakes: [Campaign.ID: Int],
        arriving: Set<Int64>,
        outbox: OutboxTerms?,
        memory: WriterMemory
    ) {
        self.connection = connection
        self.now = now
        self.rules = rules
        self.sender = sender
        self.rowsPerStep = rowsPerStep
        rowsLeft = rowsPerStep
        self.intakes = intakes
        self.arriving = arriving
        self.outbox = outbox
        self.memory = memory
    }

    mutating func campaign(_ id: Campaign.ID) throws -> CampaignRow? {
        if let key = keys[id] { return rows[key] }
        let row = try connection.campaign(id)
        if let row { remember(row) }
        return row
    }

    mutating func campaign(key: Int64) throws -> CampaignRow? {
        if let row = rows[key] { return row }
        let row = try connection.first(sql.campaign.byKey, .int(key)) { try CampaignRow($0) }
        if let row { remember(row) }
        return row
    }

    /// Takes a changed row; it is stored when the transaction ends.
    mutating func update(_ row: CampaignRow) {
        if let old = rows[row.key] {
            memory.ended.addFinal(of: row.counts, since: old.counts)
            note(row.events(since: old), of: row.key)
        }
        remember(row)
        changed.insert(row.key)
    }

    /// Notes events of a campaign, which are written when the present write is done.
    mutating func note(_ kinds: [EventKind], of campaign: Int64) {
        guard outbox != nil else { return }
        noted += kinds.map { (campaign, $0) }
    }

    /// Drops the row of a removed campaign.
    mutating func forget(_ row: CampaignRow) {
        rows[row.key] = nil
        keys[row.id] = nil
        changed.remove(row.key)
        memory.messages.forget(row.id)
    }

    private mutating func remember(_ row: CampaignRow) {
        rows[row.key] = row
        keys[row.id] = row.key
    }

    mutating func message(of row: CampaignRow) throws -> CheckedMessage {
        if let message = memory.messages[row.id] { return message }
        let message = try connection.message(of: row)
        memory.messages.remember(message, of: row.id)
        return message
    }

    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        // The provider takes 0 for a missing number.
        if sequence == 0 { sequence = 1 }
        return sequence
    }

    /// A key that no batch has had since the process began: a late record of a removed batch must
    /// not find another one.
    mutating func nextBatchKey() -> Int64 {
        memory.lastBatch += 1
        return memory.lastBatch
    }

    // MARK: Beginning and end

    /// Reads the clock's row and removes ledger entries that count no more; the first time it also
    /// takes over the keys and the ledger of the process before.
    mutating func begin(boot: String) throws {
        let clock = try connection.first(sql.service.clock) {
            ($0.text(0), $0.int64(1), $0.int64(2), $0.int64(3))
        }
        guard let (lastBoot, lastInstant, sequence, lastCall) = clock else {
            throw DamagedRow("no clock")
        }
        self.sequence = UInt32(truncatingIfNeeded: sequence)
        guard !memory.hasAdoptedLedger else {
            try connection.run(sql.ledger.deleteReleased, .int(now.instant.nanoseconds))
            return
        }
        // A clock that went back, as after a machine was restored from its image, isn't this boot's.
        let isThisBoot = lastBoot == boot && lastInstant <= now.instant.nanoseconds
        let last = isThisBoot ? nil : Instant(nanoseconds: lastInstant)
        // Before anything is deleted: halves must not take the key of the batch that they were.
        memory.lastBatch = try connection.first(sql.batch.lastKey) { $0.int64(0) } ?? 0
        // Batches keep the keys of calls that the ledger has lost since.
        memory.lastCall = max(
            lastCall,
            try connection.first(sql.ledger.lastKey) { $0.int64(0) } ?? 0
        )
        memory.quota = try connection.first(sql.traffic.lastQuota) { $0.int(0) } ?? 0
        if memory.lacksCalls { try holdWindow() }
        try adoptLedger(lastInstantOfBoot: last)
        memory.hasAdoptedLedger = true
    }

    /// Saves the changed rows of campaigns; the next write reads them again.
    mutating func saveRows() throws {
        try storeRows()
        (rows, keys, changed) = ([:], [:], [])
    }

    private func storeRows() throws {
        for key in changed.sorted() { try rows[key]?.save(connection) }
    }

    /// Saves the changed rows of campaigns, the minute's, and the clock's if it was read.
    func end(boot: String?) throws {
        try storeRows()
        try traffic.save(connection, now: now.timestamp, lastQuota: memory.quota)
        guard let boot else { return }
        try connection.run(
            sql.service.setClock,
            .text(boot),
            .int(now.instant.nanoseconds),
            .int(Int64(sequence)),
            .int(memory.lastCall)
        )
    }

    mutating func perform(_ write: Write) throws -> WriteResult {
        let result = try carryOut(write)
        try writeEvents()
        return result
    }

    private mutating func carryOut(_ write: Write) throws -> WriteResult {
        switch write {
        case .claim(let claim): try perform(claim)
        case .reclaim(let reclaim): try perform(reclaim)
        case .record(let record): try perform(record)
        case .transition(let id, let transition): .changed(try change(id, transition))
        case .patch(let id, let patch): .changed(try change(id, patch))
        case .retry(let id, let filter, let position):
            .changed(try retry(id, filter, after: position))
        case .delete(let id): .changed(try delete(id))
        case .close(let id): .changed(try close(id))
        case .service(let record): try perform(record)
        case .sweep(let sweep): try perform(sweep)
        case .startJob(let id, let kind, let terms): .changed(try startJob(id, kind, terms))
        case .stopJob(let id, let kind): .changed(try stopJob(id, kind))
        case .stepJob(let step): try perform(step)
        case .event(let event): try perform(event)
        }
    }
}
