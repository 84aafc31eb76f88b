/// Neighbouring recipients of a campaign, which share a row.
///
/// A row for each would take half as much room again, and most of an intake's time: a table in order
/// balances three of its pages whenever one is full.
struct RecipientBlock {
    /// Bytes of a full block: two of them fill a page of SQLite's, and PostgreSQL keeps a row of that
    /// size in its table.
    static let fullSize = 1_920
    /// Recipients of a block that was divided lately, with accounts of twenty bytes.
    static let usualCount = 48

    let last: [UInt8]
    let packed: PackedAccounts

    init(_ row: any Row) {
        last = row.bytes(0)
        packed = PackedAccounts(row.bytes(1))
    }
}
