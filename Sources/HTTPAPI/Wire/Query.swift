import Codecs

/// The parameters behind the question mark, in their order.
package struct Query: Sendable, Hashable {
    private let items: [Item]

    /// How often a filter may be repeated.
    package static let valueLimit = 100

    private struct Item: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// Takes parameters of these names and no others; nil takes any.
    ///
    /// Where any will do, a broken escape stays as it is written, for the reader of the value.
    init(_ text: some StringProtocol, allowing names: [String]?) throws(Problem) {
        func decoded(_ part: some StringProtocol) -> [UInt8]? {
            PercentEncoding.decode(part) ?? (names == nil ? Array(part.utf8) : nil)
        }
        var items: [Item] = []
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(pair[0]),
                let value = decoded(pair.count > 1 ? pair[1] : "")
            else { throw Problem(.badQuery, "the query holds a broken percent escape") }
            items.append(
                Item(
                    name: String(decoding: name, as: UTF8.self),
                    value: String(decoding: value, as: UTF8.self)
                )
            )
        }
        for item in items {
            guard let names, !names.contains(item.name) else { continue }
            let known = names.isEmpty ? "none here" : names.joined(separator: ", ")
            throw Problem(
                .badQuery,
                "there is no parameter \(item.name.debugDescription); there are: \(known)"
            )
        }
        self.items = items
    }

    /// Every parameter's value; the last one of a name that comes twice.
    var pairs: [String: [UInt8]] {
        Dictionary(items.map { ($0.name, Array($0.value.utf8)) }, uniquingKeysWith: { $1 })
    }

    package func values(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// The value of a parameter that may come once.
    package func value(_ name: String) throws(Problem) -> String? {
        let values = values(name)
        guard values.count <= 1 else { throw Problem(.badQuery, "\(name) is given twice") }
        return values.first
    }

    func limit() throws(Problem) -> Int {
        guard let text = try value("limit") else { return 100 }
        guard let limit = Int(text), (1...1_000).contains(limit) else {
            throw Problem(.badQuery, "limit is a number from 1 to 1000, not \(quoted(text))")
        }
        return limit
    }

    /// The cursor, which the list wants to be of its own kind.
    func cursor<Place>(_ place: (Cursor) -> Place?) throws(Problem) -> Place? {
        guard let text = try value("cursor") else { return nil }
        guard let place = Cursor(text).flatMap(place) else {
            throw Problem(
                .badCursor,
                "the cursor is none of this list: pass next_cursor of the page before, unchanged"
            )
        }
        return place
    }

    /// The values of a filter that names cases, each checked.
    func cases<Value: RawRepresentable & CaseIterable & Hashable>(
        _ name: String,
        of type: Value.Type = Value.self
    ) throws(Problem) -> Set<Value> where Value.RawValue == String {
        var cases: Set<Value> = []
        for text in values(name) {
            guard let value = Value(rawValue: text) else {
                let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(.badQuery, "\(name) is one of \(known), not \(quoted(text))")
            }
            cases.insert(value)
        }
        return cases
    }

    /// The values of a filter that names numbers: at most a hundred, for each is a condition of the
    /// store's search.
    func integers(_ name: String) throws(Problem) -> Set<Int> {
        var numbers: Set<Int> = []
        let texts = values(name)
        guard texts.count <= Self.valueLimit else {
            throw Problem(
                .badQuery,
                "\(name) may come \(Self.valueLimit) times, not \(texts.count)"
            )
        }
        for text in texts {
            guard let number = Int(text) else {
                throw Problem(.badQuery, "\(name) is a number, not \(quoted(text))")
            }
            numbers.insert(number)
        }
        return numbers
    }
}

/// A client's text in a message: escaped, and cut where it is long.
func quoted(_ text: String) -> String {
    text.utf8.count <= 64 ? text.debugDescription : String(text.prefix(60)).debugDescription + "…"
}
