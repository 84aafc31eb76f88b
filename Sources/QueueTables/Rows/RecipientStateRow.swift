import DeliveryCore

/// The row of a recipient with a state of its own.
struct RecipientStateRow {
    let account: [UInt8]
    let state: State
    let batch: Int64?
    let generation: Int
    let attempts: Int
    let code: Int?
    let info: String?
    let dueAt: Timestamp?
    let updatedAt: Timestamp
    /// When the provider's history is asked about the recipient; of one that a job asks about, only
    /// if that was put off.
    let lookUpAt: Timestamp?

    enum State: String {
        case queued
        case retrying
        /// The recipient waits for a look-up in the provider's history.
        case verifying
        /// The recipient is in a list batch and shares its status.
        case listed = "member"
        case failed
        case unknown
        case suppressed

        /// The status while its campaign isn't terminated; that of a listed one is its batch's.
        var status: Recipient.Status {
            switch self {
            case .queued: .queued
            case .retrying, .verifying, .listed: .retrying
            case .failed: .failed
            case .unknown: .unknown
            case .suppressed: .suppressed
            }
        }
    }

    init(_ row: any Row) throws {
        account = row.bytes(0)
        state = try decoded(row.text(1))
        batch = row.optionalInt64(2)
        generation = row.int(3)
        guard generation >= 0 else { throw DamagedRow("a recipient in pass \(generation)") }
        attempts = row.int(4)
        code = row.optionalInt(5)
        info = row.optionalText(6)
        dueAt = row.timestamp(7)
        updatedAt = Timestamp(milliseconds: row.int64(8))
        lookUpAt = row.timestamp(9)
    }
}
