/// The text of one statement for every engine.
///
/// Parameters are `?`, or `?` and a number; `INDEXED BY` holds SQLite to an index. Both are
/// translated for PostgreSQL; `Dialect` has the spellings that differ.
package struct StatementText: Sendable, ExpressibleByStringInterpolation {
    package let sqlite: String
    private let portable: String
    /// The hash of the text, made once: connections look statements up by it for every use.
    private let digest: Int

    package init(stringLiteral text: String) {
        self.init { _ in text }
    }

    /// A statement with a part from `Dialect`.
    package init(_ text: (Dialect) -> String) {
        (sqlite, portable) = (text(.sqlite), text(.postgres))
        digest = sqlite.hashValue
    }

    /// The text with PostgreSQL's parameters and without hints, which it lacks.
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
            // SQLite's rule: a parameter without a number follows the highest before it.
            let number = Int(digits) ?? highest + 1
            highest = max(highest, number)
            translated += "$\(number)"
        }
        return translated + rest
    }
}

extension StatementText: Hashable {
    /// Equal if SQLite has one text of both: then every engine has.
    package static func == (lhs: StatementText, rhs: StatementText) -> Bool {
        lhs.digest == rhs.digest && lhs.sqlite == rhs.sqlite
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
