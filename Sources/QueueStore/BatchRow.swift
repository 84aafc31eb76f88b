import DeliveryCore

/// A batch as its row says.
struct BatchRow: Sendable {
    var key: Int64
    let campaign: Int64
    /// The campaign's pass in which it was claimed.
    let pass: Int
    var state: State
    var members: Members
    var count: Int
    var attempts = 0
    var maybeAccepted = false
    var isHalf = false
    var messageSequence: UInt32
    var messageRandom: UInt32
    var dueAt: Timestamp?
    var messageKey: String?
    var code: Int?
    var info: String?
    var changedAt: Timestamp
    /// The ledger's row of the call that is out.
    var ledger: Int64?

    var id: Batch.ID { Batch.ID(rawValue: key) }

    enum State: String {
        case inFlight = "in_flight"
        case held
        case repeated = "repeat"
        case closed
        /// Held when its campaign was canceled or expired.
        case cut

        /// What its accounts count as; a cut's depends on its pass.
        var status: Recipient.Status? {
            switch self {
            case .inFlight: .sending
            case .held: .queued
            case .repeated: .retrying
            case .closed: .sent
            case .cut: nil
            }
        }

        var isOpen: Bool {
            switch self {
            case .inFlight, .held, .repeated: true
            case .closed, .cut: false
            }
        }
    }

    enum Members: Sendable {
        case range(first: [UInt8], last: [UInt8])
        /// Accounts in the order of the call; a list that has ended has forgotten them, since each
        /// has its own row that names the batch.
        case list([Account]?)
    }

    func openBatch(campaign: Campaign.ID) -> OpenBatch? {
        guard let dueAt, state.isOpen else { return nil }
        return OpenBatch(
            id: id,
            campaign: campaign,
            count: count,
            attempts: attempts,
            maybeAccepted: maybeAccepted,
            dueAt: dueAt,
            isHalf: isHalf
        )
    }
}

extension BatchRow {
    static let columns = """
        id, campaign, pass, state, first_account, last_account, accounts, count, attempts,
        maybe_accepted, is_half, message_sequence, message_random, due_at_ms, message_key, code,
        info, changed_at_ms, ledger
        """
    static let byKey = "SELECT \(columns) FROM batch WHERE id = ?"
    static let open = """
        SELECT \(columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('in_flight', 'held', 'repeat') AND state <> 'closed' ORDER BY id
        """
    static let unsettledRanges = """
        SELECT \(columns) FROM batch INDEXED BY batch_open
        WHERE state IN ('in_flight', 'held', 'repeat', 'cut') AND state <> 'closed'
            AND campaign = ? AND first_account IS NOT NULL
        ORDER BY first_account
        """
    static let covering = """
        SELECT \(columns) FROM batch INDEXED BY batch_range
        WHERE campaign = ? AND first_account <= ? ORDER BY first_account DESC LIMIT 1
        """
    static let rangesFrom = """
        SELECT \(columns) FROM batch INDEXED BY batch_range
        WHERE campaign = ? AND first_account >= ? ORDER BY first_account
        """

    private static let insertion = """
        INSERT INTO batch (\(columns))
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
            ?19)
        """

    /// What identifies a batch and its call never changes, so an update leaves it alone.
    private static let update = """
        UPDATE batch SET state = ?2, accounts = ?3, attempts = ?4, maybe_accepted = ?5,
            due_at_ms = ?6, message_key = ?7, code = ?8, info = ?9, changed_at_ms = ?10,
            ledger = ?11
        WHERE id = ?1
        """

    init(_ row: Query) throws {
        key = row.int64(0)
        campaign = row.int64(1)
        pass = row.int(2)
        state = try decoded(row.text(3))
        if let first = row.optionalBytes(4) {
            members = .range(first: first, last: row.bytes(5))
        } else {
            members = .list(try row.optionalBytes(6).map { try Self.unpacked($0) })
        }
        count = row.int(7)
        guard pass >= 0, (1...Self.countLimit).contains(count) else {
            throw StoreError.unreadable("a batch of \(count) accounts in pass \(pass)")
        }
        attempts = row.int(8)
        maybeAccepted = row.int(9) != 0
        isHalf = row.int(10) != 0
        messageSequence = UInt32(truncatingIfNeeded: row.int64(11))
        messageRandom = UInt32(truncatingIfNeeded: row.int64(12))
        dueAt = row.timestamp(13)
        messageKey = row.optionalText(14)
        code = row.optionalInt(15)
        info = row.optionalText(16)
        changedAt = Timestamp(milliseconds: row.int64(17))
        ledger = row.optionalInt64(18)
    }

    /// Stores a new batch, with its key or, if that is 0, with one that SQLite draws.
    mutating func insert(_ connection: Connection) throws {
        var first = Value.null
        var last = Value.null
        if case .range(let firstBytes, let lastBytes) = members {
            first = .text(firstBytes)
            last = .text(lastBytes)
        }
        try connection.run(
            Self.insertion,
            key == 0 ? .null : .int(key),
            .int(campaign),
            .int(pass),
            .text(state.rawValue),
            first,
            last,
            packedAccounts,
            .int(count),
            .int(attempts),
            .int(maybeAccepted ? 1 : 0),
            .int(isHalf ? 1 : 0),
            .int(Int64(messageSequence)),
            .int(Int64(messageRandom)),
            .optional(dueAt?.milliseconds),
            .optional(messageKey),
            .optional(code),
            .optional(info),
            .int(changedAt.milliseconds),
            .optional(ledger)
        )
        key = connection.lastInsertedKey
    }

    func save(_ connection: Connection) throws {
        try connection.run(
            Self.update,
            .int(key),
            .text(state.rawValue),
            packedAccounts,
            .int(attempts),
            .int(maybeAccepted ? 1 : 0),
            .optional(dueAt?.milliseconds),
            .optional(messageKey),
            .optional(code),
            .optional(info),
            .int(changedAt.milliseconds),
            .optional(ledger)
        )
    }

    private var packedAccounts: Value {
        guard state.isOpen, case .list(let accounts?) = members else { return .null }
        return .blob(accounts.flatMap { [UInt8($0.bytes.count)] + $0.bytes })
    }

    /// More accounts than any call holds.
    private static let countLimit = 1_000_000

    private static func unpacked(_ packed: [UInt8]) throws -> [Account] {
        var accounts: [Account] = []
        var index = 0
        while index < packed.count {
            let end = index + 1 + Int(packed[index])
            guard end <= packed.count else {
                throw StoreError.unreadable("a batch's list of accounts that breaks off")
            }
            accounts.append(Account(checked: Array(packed[(index + 1)..<end])))
            index = end
        }
        return accounts
    }
}

extension Connection {
    func batch(_ key: Int64) throws -> BatchRow? {
        try first(BatchRow.byKey, .int(key)) { try BatchRow($0) }
    }

    func batches(_ sql: String, of campaign: Int64) throws -> [BatchRow] {
        var batches: [BatchRow] = []
        try each(sql, .int(campaign)) { batches.append(try BatchRow($0)) }
        return batches
    }

    /// A batch's accounts in the order of its call.
    func accounts(of batch: BatchRow) throws -> [Account] {
        switch batch.members {
        case .list(let accounts): return accounts ?? []
        case .range(let first, let last):
            var accounts: [Account] = []
            accounts.reserveCapacity(batch.count)
            let sql = """
                SELECT account FROM recipient
                WHERE campaign = ? AND account BETWEEN ? AND ? ORDER BY account
                """
            try each(sql, .int(batch.campaign), .text(first), .text(last)) {
                accounts.append(Account(checked: $0.bytes(0)))
            }
            return accounts
        }
    }

    /// The accounts of a list that an earlier call, of another batch, may have been accepted for.
    func doubts(of batch: BatchRow) throws -> [Account] {
        guard case .list(let accounts?) = batch.members else { return [] }
        let sql = "SELECT 1 FROM exception WHERE campaign = ? AND account = ? AND doubted = 1"
        return try accounts.filter { account in
            try first(sql, .int(batch.campaign), .text(account.bytes)) { _ in true } ?? false
        }
    }

    /// The batch as a call to make.
    func call(_ batch: BatchRow, of id: Campaign.ID, message: CheckedMessage) throws -> Batch {
        let accounts = try accounts(of: batch)
        var earlierAttempts: [Int] = []
        if case .list = batch.members {
            let sql = "SELECT attempts FROM exception WHERE campaign = ? AND account = ?"
            earlierAttempts = try accounts.map { account in
                try first(sql, .int(batch.campaign), .text(account.bytes)) { $0.int(0) } ?? 0
            }
        }
        return Batch(
            id: batch.id,
            campaign: id,
            message: message,
            accounts: accounts,
            earlierAttempts: earlierAttempts.contains { $0 > 0 } ? earlierAttempts : [],
            doubted: Set(try doubts(of: batch)),
            attempts: batch.attempts,
            maybeAccepted: batch.maybeAccepted,
            isHalf: batch.isHalf,
            messageSequence: batch.messageSequence,
            messageRandom: batch.messageRandom
        )
    }
}
