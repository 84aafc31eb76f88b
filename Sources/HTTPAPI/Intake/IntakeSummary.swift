/// What came of a stream of accounts.
struct IntakeSummary: Sendable, Hashable {
    var accepted = 0
    var duplicates = 0
    var invalid = InvalidLines()
    /// Accounts of the campaign, or on the list, in all; nil until the store has said it.
    var total: Int?
}

/// The lines that were no account: all are counted, the first few are shown.
package struct InvalidLines: Sendable, Hashable {
    package private(set) var count = 0
    package private(set) var examples: [Example] = []

    private static let exampleLimit = 10

    package struct Example: Sendable, Hashable {
        /// The line's number, from 1.
        package let line: Int
        package let reason: String
    }

    /// The reason is only worked out for a line that is shown.
    mutating func add(line: Int, reason: @autoclosure () -> String) {
        count += 1
        if examples.count < Self.exampleLimit {
            examples.append(Example(line: line, reason: reason()))
        }
    }
}
