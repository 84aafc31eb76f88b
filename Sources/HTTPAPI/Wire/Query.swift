import Codecs
import DeliveryCore

/// The parameters behind the question mark, in their order.
package struct Query: Sendable {
    private var items: [(name: String, value: String)]

    /// How often a filter may be repeated.
    package static let valueLimit = 100

    /// Takes parameters of these names and no others; nil takes any.
    ///
    /// Where any will do, a broken escape stays as it is written, for the reader of the value.
    init(_ text: some StringProtocol, allowing names: [String]?) throws(Problem) {
        func decoded(_ part: Substring) throws(Problem) -> String {
            if let bytes = PercentEncoding.decode(part) {
                return String(decoding: bytes, as: UTF8.self)
            }
            guard names == nil else {
                throw Problem(.badQuery, "the query holds a broken percent escape")
            }
            return String(part)
        }
        var items: [(name: String, value: String)] = []
        for part in String(text).split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            items.append((try decoded(pair[0]), try decoded(pair.count > 1 ? pair[1] : "")))
        }
        if let names, let stranger = items.first(where: { !names.contains($0.name) })?.name {
            let known = names.isEmpty ? "none here" : names.joined(separator: ", ")
            throw Problem(
                .badQuery,
                "there is no parameter \(stranger.debugDescription); there are: \(known)"
            )
        }
        self.items = items
    }

    /// The fields of a form, which are spelt like a query's parameters: a browser writes a blank as a
    /// plus, and sends what was left empty too.
    init(form: [UInt8], allowing names: [String]) throws(Problem) {
        let text = String(decoding: form, as: UTF8.self).replacing("+", with: "%20")
        try self.init(text, allowing: names)
        items.removeAll { $0.value.isEmpty }
    }

    /// Every parameter's value; the last one of a name that comes twice.
    var pairs: [String: [UInt8]] {
        Dictionary(items.map { ($0.name, Array($0.value.utf8)) }, uniquingKeysWith: { $1 })
    }

    package func values(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// The values of a filter, repeated or with commas between them.
    private func list(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        }
    }

    /// The value of a parameter that may come once.
    package func value(_ name: String) throws(Problem) -> String? {
        let values = values(name)
        guard values.count <= 1 else { throw Problem(.badQuery, "\(name) is given twice") }
        return values.first
    }

    func limit() throws(Problem) -> Int { try number("limit", in: 1...1_000, otherwise: 100) }

    /// The value of a parameter that is a number of a range.
    func number(
        _ name: String,
        in range: ClosedRange<Int>,
        otherwise value: Int
    ) throws(Problem) -> Int {
        guard let text = try self.value(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(
                .badQuery,
                "\(name) is a number from \(range.lowerBound) to \(range.upperBound), not "
                    + quoted(text)
            )
        }
        return number
    }

    /// The value of a parameter that is true or false.
    func flag(_ name: String, otherwise value: Bool) throws(Problem) -> Bool {
        switch try self.value(name) {
        case nil: return value
        case "true": return true
        case "false": return false
        case let other?:
            throw Problem(.badQuery, "\(name) is true or false, not \(quoted(other))")
        }
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

    /// The account behind which a list goes on; nil for its start.
    func accountCursor(_ rules: any AccountRules) throws(Problem) -> Account? {
        try cursor { cursor -> Account? in
            guard case .account(let account) = cursor, rules.fault(in: account.bytes) == nil else {
                return nil
            }
            return account
        }
    }

    /// Refuses a page's size for a stream.
    func checkStream() throws(Problem) {
        guard values("limit").isEmpty else {
            throw Problem(.badQuery, "a stream is always whole: limit is for pages in JSON")
        }
    }

    /// The values of a filter that names cases, each checked.
    func cases<Value: RawRepresentable & CaseIterable & Hashable>(
        _ name: String,
        of type: Value.Type = Value.self
    ) throws(Problem) -> Set<Value> where Value.RawValue == String {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return try read(name, wanted: "one of \(known)") { Value(rawValue: $0) }
    }

    /// The values of a filter that names numbers: at most a hundred, for each is a condition of the
    /// store's search.
    func integers(_ name: String) throws(Problem) -> Set<Int> {
        let count = list(name).count
        guard count <= Self.valueLimit else {
            throw Problem(.badQuery, "\(name) may come \(Self.valueLimit) times, not \(count)")
        }
        return try read(name, wanted: "a number") { Int($0) }
    }

    private func read<Value: Hashable>(
        _ name: String,
        wanted: String,
        _ value: (String) -> Value?
    ) throws(Problem) -> Set<Value> {
        var read: Set<Value> = []
        for text in list(name) {
            guard let value = value(text) else {
                throw Problem(.badQuery, "\(name) is \(wanted), not \(quoted(text))")
            }
            read.insert(value)
        }
        return read
    }
}

/// A client's text in a message: escaped, and cut where it is long.
func quoted(_ text: String) -> String {
    text.utf8.count <= 64 ? text.debugDescription : String(text.prefix(60)).debugDescription + "…"
}
