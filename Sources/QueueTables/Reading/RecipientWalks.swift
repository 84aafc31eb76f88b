import DeliveryCore

/// The campaign's recipients with a state of their own, in order.
struct StateWalk {
    private let reader: RecipientReader
    private let query: any PreparedStatement
    private var upcoming: RecipientStateRow?
    /// The list batches seen: their recipients lie side by side.
    private var batches: [Int64: BatchRow] = [:]

    init(_ reader: RecipientReader, after: [UInt8]) throws {
        self.reader = reader
        let key = Value.int(reader.campaign.key)
        query = try reader.connection.query(
            sql.state.after,
            key,
            .text(after),
            .int(RecipientReader.scanLimit + 1)
        )
        try advance()
    }

    private mutating func advance() throws {
        upcoming = try query.step() ? RecipientStateRow(query) : nil
    }

    mutating func takeNext() throws -> Recipient? {
        try takeNextRow().map { reader.recipient($0.row, batch: $0.batch) }
    }

    /// The next one if it is this account's.
    mutating func take(_ account: [UInt8]) throws -> Recipient? {
        upcoming?.account == account ? try takeNext() : nil
    }

    /// The next one's row and its list batch, if it is this account's.
    mutating func takeRow(
        _ account: [UInt8]
    ) throws -> (row: RecipientStateRow, batch: BatchRow?)? {
        upcoming?.account == account ? try takeNextRow() : nil
    }

    private mutating func takeNextRow() throws -> (row: RecipientStateRow, batch: BatchRow?)? {
        guard let row = upcoming else { return nil }
        try advance()
        guard let key = row.batch else { return (row, nil) }
        let batch = try batches[key] ?? reader.batch(key)
        batches[key] = batch
        return (row, batch)
    }

    func end() { query.clear() }
}

/// The campaign's range batches in order.
struct RangeWalk {
    private let query: any PreparedStatement
    private var current: BatchRow?

    init(_ reader: RecipientReader, after: [UInt8]) throws {
        let key = Value.int(reader.campaign.key)
        let covering = try reader.connection.first(sql.batch.covering, key, .text(after)) {
            $0.bytes(BatchRow.firstAccountColumn)
        }
        // Each batch holds an account at least, except the one that covers the start of the page.
        query = try reader.connection.query(
            sql.batch.rangesFrom,
            key,
            .text(covering ?? []),
            .int(RecipientReader.scanLimit + 2)
        )
    }

    /// The batch whose range an account lies in; accounts must come in order.
    mutating func covering(_ account: [UInt8]) throws -> BatchRow {
        while true {
            if let current, case .range(_, let last) = current.accounts, !account.isBehind(last) {
                return current
            }
            guard try query.step() else { throw DamagedRow("account without a batch") }
            current = try BatchRow(query)
        }
    }

    func end() { query.clear() }
}

/// The campaign's recipients with a row of a recall, in order.
struct RecallWalk {
    private let query: (any PreparedStatement)?
    private var upcoming: RecallRow?

    init(_ reader: RecipientReader, after: [UInt8]) throws {
        guard reader.recall != nil else {
            query = nil
            return
        }
        query = try reader.connection.query(
            sql.recall.after,
            .int(reader.campaign.key),
            .text(after),
            .int(RecipientReader.scanLimit + 1)
        )
        try advance()
    }

    private mutating func advance() throws {
        upcoming = try query.flatMap { try $0.step() ? RecallRow($0) : nil }
    }

    mutating func takeNext() throws -> RecallRow? {
        guard let row = upcoming else { return nil }
        try advance()
        return row
    }

    /// The next one if it is this account's.
    mutating func take(_ account: [UInt8]) throws -> RecallRow? {
        upcoming?.account == account ? try takeNext() : nil
    }

    func end() { query?.clear() }
}
