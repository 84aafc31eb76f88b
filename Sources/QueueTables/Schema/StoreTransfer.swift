/// A table of a store, as the engine that has it describes it.
package struct TableLayout: Sendable, Hashable {
    package let name: String
    package let columns: [Column]

    package struct Column: Sendable, Hashable {
        package let name: String
        package let kind: Kind

        package enum Kind: Sendable, Hashable {
            case number
            case text
            case bytes
        }

        package init(name: String, kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    package init(name: String, columns: [Column]) {
        self.name = name
        self.columns = columns
    }
}

/// Puts every row of a store into the tables that another engine has just made.
///
/// It knows nothing of what the rows mean, so they mean the same there: both engines make their
/// tables of one text.
package struct StoreTransfer {
    private let source: any Connection
    private let target: any Connection
    private let tables: [TableLayout]

    /// Values of one statement: a round trip for hundreds of rows, and few megabytes even where each
    /// is a message.
    private static let valueLimit = 1_000

    /// How many rows of a table were put in.
    package struct Count: Sendable, Hashable {
        package let table: String
        package let rows: Int
    }

    /// Why the target doesn't hold what the source does.
    package struct Mismatch: Error, Sendable, Hashable, CustomStringConvertible {
        let table: String
        let expected: Int
        let found: Int

        package var description: String {
            "the table \(table) has \(expected) rows, and \(found) of them were taken"
        }
    }

    package init(
        of tables: [TableLayout],
        from source: any Connection,
        to target: any Connection
    ) {
        // A tally is counted by the campaigns' trigger, so it comes after them.
        let isTally = { (table: TableLayout) in table.name.hasSuffix("_tally") }
        self.tables = tables.filter { !isTally($0) } + tables.filter(isTally)
        self.source = source
        self.target = target
    }

    /// Copies all tables in the transaction that the target is in, and checks the counts.
    package func run(
        telling tell: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws -> [Count] {
        let expected = try tables.map { table in
            try source.first("SELECT count(*) FROM \(table.name)") { $0.int(0) } ?? 0
        }
        let total = expected.reduce(0, +)
        var done = 0
        return try zip(tables, expected).map { table, expected in
            let found = try copy(table) { rows in
                done += rows
                tell(done, total)
            }
            guard found == expected else {
                throw Mismatch(table: table.name, expected: expected, found: found)
            }
            return Count(table: table.name, rows: found)
        }
    }

    /// How many recipients all campaigns of a store have.
    package static func recipientCount(of store: any Connection) throws -> Int {
        let sum: StatementText = """
            SELECT coalesce(sum(queued + sending + retrying + sent + failed + unknown + canceled
                + expired + suppressed), 0) FROM campaign
            """
        return try store.first(sum) { $0.int(0) } ?? 0
    }

    /// Answers how many rows the target says that it took.
    private func copy(_ table: TableLayout, _ took: (Int) -> Void) throws -> Int {
        // The rows that a new store begins with.
        try target.run("DELETE FROM \(table.name)")
        let names = table.columns.map(\.name).joined(separator: ", ")
        let rowLimit = max(1, Self.valueLimit / table.columns.count)
        var values: [Value] = []
        var (rows, found) = (0, 0)
        func flush() throws {
            let text = Self.insertion(into: table.name, names, table.columns.count, rows: rows)
            let taken = try target.run(StatementText(stringLiteral: text), values)
            found += taken
            took(taken)
            values.removeAll(keepingCapacity: true)
            rows = 0
        }
        try source.each("SELECT \(names) FROM \(table.name)") { row in
            for (index, column) in table.columns.enumerated() {
                values.append(Self.value(row, index, column.kind))
            }
            rows += 1
            if rows == rowLimit { try flush() }
        }
        if rows > 0 { try flush() }
        return found
    }

    private static func insertion(
        into table: String,
        _ names: String,
        _ width: Int,
        rows: Int
    ) -> String {
        let row = "(" + Array(repeating: "?", count: width).joined(separator: ", ") + ")"
        let all = Array(repeating: row, count: rows).joined(separator: ", ")
        return "INSERT INTO \(table) (\(names)) VALUES \(all)"
    }

    private static func value(
        _ row: any Row,
        _ index: Int,
        _ kind: TableLayout.Column.Kind
    ) -> Value {
        if row.isNull(index) { return .null }
        return switch kind {
        case .number: .int(row.int64(index))
        case .text: .text(row.bytes(index))
        case .bytes: .blob(row.bytes(index))
        }
    }
}
