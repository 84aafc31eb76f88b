/// A range of the key of recipients, which is the account.
struct KeyRange {
    /// Every account of the range comes behind this one; none comes before the empty one.
    var after: [UInt8] = []
    /// The first account that may be in the range.
    var from: [UInt8] = []
    /// The last one; nil at the end of the key.
    var upTo: [UInt8]?

    /// No account of the range comes before it.
    var start: [UInt8] { from.isBehind(after) ? from : after }

    /// Sorts after every account: to SQLite a blob is greater than any text.
    private static let end = Value.blob([0xFF])

    /// The last account for a statement.
    var upToValue: Value { upTo.map { .text($0) } ?? Self.end }
}
