/// What came of a stream of recipients.
struct IntakeSummary: Sendable, Hashable {
    var accepted = 0
    var duplicates = 0
    var invalid = InvalidLines()
    /// Recipients of the campaign in all.
    var total = 0
}

/// The lines that were no account: all are counted, the first few are shown.
struct InvalidLines: Sendable, Hashable {
    private(set) var count = 0
    private(set) var examples: [Example] = []

    private static let exampleLimit = 10

    struct Example: Sendable, Hashable {
        /// The line's number, from 1.
        let line: Int
        let reason: String
    }

    /// The reason is only worked out for a line that is shown.
    mutating func add(line: Int, reason: @autoclosure () -> String) {
        count += 1
        if examples.count < Self.exampleLimit {
            examples.append(Example(line: line, reason: reason()))
        }
    }
}
