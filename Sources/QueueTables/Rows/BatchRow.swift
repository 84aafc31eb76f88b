import DeliveryCore

/// A batch's row.
struct BatchRow: Sendable {
    var key: Int64
    let campaign: Int64
    /// The campaign's generation in which it was claimed.
    let generation: Int
    var state: State
    var accounts: Accounts
    var count: Int
    var attempts = 0
    var maybeAccepted = false
    var isHalf = false
    var numbers: CallNumbers
    var dueAt: Timestamp?
    var messageKey: String?
    var code: Int?
    var info: String?
    var changedAt: Timestamp
    /// The ledger's row of the last call, which the ledger may have lost since.
    var ledger: Int64?
    /// In whose name the last call went out if the message names nobody; nil where that isn't
    /// recorded.
    var sender: [UInt8]?
    /// The calls of unknown outcome that addressed its accounts.
    var calls = CallList()

    var id: Batch.ID { Batch.ID(rawValue: key) }

    enum State: String {
        case inFlight = "in_flight"
        case held
        case repeated = "repeat"
        case closed
        /// Waited, with no call in flight, when its campaign was canceled or expired.
        case terminated = "cut"

        /// The status of its accounts; nil for a terminated batch, where the generation decides.
        var status: Recipient.Status? {
            switch self {
            case .inFlight: .sending
            case .held: .queued
            case .repeated: .retrying
            case .closed: .sent
            case .terminated: nil
            }
        }

        var isOpen: Bool {
            switch self {
            case .inFlight, .held, .repeated: true
            case .closed, .terminated: false
            }
        }
    }

    enum Accounts: Sendable {
        case range(first: [UInt8], last: [UInt8])
        /// Accounts in the order of the call; nil once the batch has ended and each account has a
        /// row of its own that names it.
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

// MARK: Columns, in the order of `BatchStatements`

extension BatchRow {
    /// The campaign's column, which is read even if the rest of the row is damaged.
    static let campaignColumn = 13
    static let firstAccountColumn = 15

    init(_ row: any Row) throws {
        key = row.int64(0)
        state = try decoded(row.text(1))
        attempts = row.int(3)
        maybeAccepted = row.flag(4)
        dueAt = row.timestamp(5)
        messageKey = row.optionalText(6)
        code = row.optionalInt(7)
        info = row.optionalText(8)
        changedAt = Timestamp(milliseconds: row.int64(9))
        ledger = row.optionalInt64(10)
        sender = row.optionalBytes(11)
        calls = try CallList(row.optionalText(12))
        campaign = row.int64(Self.campaignColumn)
        generation = row.int(14)
        if let first = row.optionalBytes(Self.firstAccountColumn) {
            accounts = .range(first: first, last: row.bytes(16))
        } else {
            accounts = .list(try row.optionalBytes(2).map { try PackedAccounts($0).accounts() })
        }
        count = row.int(17)
        guard generation >= 0, (1...Self.countLimit).contains(count) else {
            throw DamagedRow("a batch of \(count) accounts in pass \(generation)")
        }
        isHalf = row.flag(18)
        numbers = CallNumbers(
            sequence: UInt32(truncatingIfNeeded: row.int64(19)),
            random: UInt32(truncatingIfNeeded: row.int64(20))
        )
    }

    func insert(_ connection: any Connection) throws {
        var bounds: (first: Value, last: Value) = (.null, .null)
        if case .range(let first, let last) = accounts { bounds = (.text(first), .text(last)) }
        let constantValues: [Value] = [
            .int(campaign),
            .int(generation),
            bounds.first,
            bounds.last,
            .int(count),
            .flag(isHalf),
            .int(Int64(numbers.sequence)),
            .int(Int64(numbers.random)),
        ]
        try connection.run(sql.batch.insert, changingValues + constantValues)
    }

    func save(_ connection: any Connection) throws {
        try connection.run(sql.batch.update, changingValues)
    }

    private var changingValues: [Value] {
        [
            .int(key),
            .text(state.rawValue),
            packedAccounts,
            .int(attempts),
            .flag(maybeAccepted),
            .optional(dueAt?.milliseconds),
            .optional(messageKey),
            .optional(code),
            .optional(info),
            .int(changedAt.milliseconds),
            .optional(ledger),
            .optional(sender),
            calls.value,
        ]
    }

    private var packedAccounts: Value {
        guard state.isOpen, case .list(let accounts?) = accounts else { return .null }
        return .blob(PackedAccounts(accounts).bytes)
    }

    /// More accounts than any call holds.
    private static let countLimit = 1_000_000
}

extension Connection {
    func batch(_ key: Int64) throws -> BatchRow? {
        try first(sql.batch.byKey, .int(key)) { try BatchRow($0) }
    }

    /// An open batch's accounts in the order of its call.
    ///
    /// Those in its range with a state of their own aren't among them: a check failed them, or they
    /// were suppressed, before the batch was claimed or while it waited.
    func accounts(of batch: BatchRow) throws -> [Account] {
        switch batch.accounts {
        case .list(let accounts): accounts ?? []
        case .range(let first, let last):
            try recipients(
                of: batch.campaign,
                in: KeyRange(from: first, upTo: last),
                areOrdinary: true
            )
        }
    }

    /// The earlier calls, of other batches, of a list's accounts; a range's accounts had none.
    func histories(of batch: BatchRow) throws -> [History] {
        guard case .list(let accounts?) = batch.accounts else { return [] }
        var histories: [[UInt8]: History] = [:]
        try each(sql.state.histories, .int(batch.campaign), .list(accounts)) {
            histories[$0.bytes(0)] = History(attempts: $0.int(1), doubt: $0.int(2))
        }
        return accounts.map { histories[$0.bytes] ?? History() }
    }

    /// The accounts of a list that an earlier call may have been accepted for, whatever the
    /// provider's history showed since.
    func unsettled(in batch: BatchRow) throws -> [Account] {
        guard case .list(let accounts?) = batch.accounts else { return [] }
        return zip(accounts, try histories(of: batch)).filter(\.1.isUnsettled).map(\.0)
    }

    /// The batch, which has these accounts, as a call to make.
    func call(
        _ batch: BatchRow,
        of id: Campaign.ID,
        message: CheckedMessage,
        accounts: [Account]
    ) throws -> Batch {
        Batch(
            batch,
            of: id,
            message: message,
            accounts: AccountRun(accounts),
            histories: try histories(of: batch)
        )
    }
}

extension Batch {
    init(
        _ row: BatchRow,
        of campaign: Campaign.ID,
        message: CheckedMessage,
        accounts: AccountRun,
        histories: [History]
    ) {
        self.init(
            id: row.id,
            campaign: campaign,
            message: message,
            accounts: accounts,
            earlierAttempts: histories.contains { $0.attempts > 0 }
                ? histories.map(\.attempts) : [],
            maybeAcceptedBefore: Set(zip(accounts, histories).filter(\.1.maybeAccepted).map(\.0)),
            attempts: row.attempts,
            maybeAccepted: row.maybeAccepted,
            isHalf: row.isHalf,
            numbers: row.numbers,
            sender: row.sender
        )
    }
}
