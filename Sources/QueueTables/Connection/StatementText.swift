/// The text of one statement, as each engine takes it.
///
/// Parameters are `?`, or `?` and a number; with `INDEXED BY` SQLite is held to an index. Both are
/// translated for PostgreSQL. What an engine has to spell in its own way stands in `Dialect`.
package struct StatementText: Sendable, ExpressibleByStringInterpolation {
    package let sqlite: String
    private let portable: String

    package init(stringLiteral text: String) {
        (sqlite, portable) = (text, text)
    }

    /// A statement with a part that `Dialect` spells.
    init(_ text: (Dialect) -> String) {
        (sqlite, portable) = (text(.sqlite), text(.postgres))
    }

    /// The text with PostgreSQL's parameters, and without hints, which it hasn't got.
    package var postgres: String {
        let text = portable.replacing(#/ INDEXED BY \w+/#, with: "")
        var translated = ""
        var highest = 0
        var rest = text[...]
        while let mark = rest.firstIndex(of: "?") {
            translated += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let digits = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(digits.count)
            // As SQLite counts: one without a number comes after the highest before it.
            let number = Int(digits) ?? highest + 1
            highest = max(highest, number)
            translated += "$\(number)"
        }
        return translated + rest
    }
}
