import DeliveryCore
import JSON

/// A connection of an engine, inside a transaction or on a snapshot.
///
/// All statements run through it, so that one text of each serves every engine.
package protocol Connection {
    /// A statement without values, prepared once and kept for as long as the connection lives.
    func statement(_ sql: StatementText) throws -> any PreparedStatement

    /// How many rows the last statement changed.
    var changedRows: Int { get }

    /// Whether texts that are bound together are one parameter, an array, and so may be any number.
    var bindsArrays: Bool { get }
}

/// The connection that writes.
package protocol WritingConnection: Connection {
    /// Refuses a store that another process has taken over, or whose file is gone.
    func check() throws

    /// Runs a transaction that is durable on return; if the body throws, it is rolled back.
    func transaction(_ body: () throws -> Void) throws
}

/// A prepared statement; while it is stepped, it is its current row.
package protocol PreparedStatement: Row {
    func bind(_ value: Value, at index: Int) throws

    /// Binds texts, from an index on or there as an array, that the caller keeps in place until the
    /// statement is cleared.
    func bind(borrowed texts: [UnsafeRawBufferPointer], from index: Int) throws

    /// Steps to the next row; false at the end.
    func step() throws -> Bool

    /// Resets the statement and drops the bound values, which may be large, or borrowed.
    func clear()
}

/// A row of an answer, read by the number of its column.
package protocol Row: AnyObject {
    func isNull(_ column: Int) -> Bool
    func int64(_ column: Int) -> Int64
    func bytes(_ column: Int) -> [UInt8]
}

/// A value bound to a statement.
package enum Value: Sendable, Hashable {
    case null
    case int(Int64)
    case text([UInt8])
    case blob([UInt8])

    package static func int(_ value: Int) -> Value { .int(Int64(value)) }
    package static func text(_ value: String) -> Value { .text(Array(value.utf8)) }
    static func flag(_ value: Bool) -> Value { .int(value ? 1 : 0) }
    /// A list as one parameter, a JSON array: a statement's text is the same however long it is.
    ///
    /// An answer may name anything, but no recipient has a NUL, which PostgreSQL's JSON can't say.
    static func list(_ accounts: some Sequence<Account>) -> Value {
        let sayable = accounts.lazy.filter { !$0.bytes.contains(0) }
        return .text(JSONText { $0.array(of: sayable) { $0.string($1.bytes) } }.bytes)
    }
    static func list(_ numbers: [some BinaryInteger]) -> Value {
        .text(JSONText { $0.array(of: numbers) { $0.number($1) } }.bytes)
    }
    static func optional(_ value: Int?) -> Value { value.map { .int($0) } ?? .null }
    static func optional(_ value: Int64?) -> Value { value.map { .int($0) } ?? .null }
    static func optional(_ text: [UInt8]?) -> Value { text.map { .text($0) } ?? .null }
    static func optional(_ value: String?) -> Value { value.map { .text($0) } ?? .null }
}

extension Connection {
    /// Runs a statement and says how many rows it changed.
    @discardableResult
    package func run(_ sql: StatementText, _ values: Value...) throws -> Int {
        try run(sql, values)
    }

    @discardableResult
    func run(_ sql: StatementText, _ values: [Value]) throws -> Int {
        try step(sql, values) { while try $0.step() {} }
        return changedRows
    }

    /// Reads all rows of a statement; `body` must not run the same statement again.
    package func each(
        _ sql: StatementText,
        _ values: Value...,
        body: (any Row) throws -> Void
    ) throws {
        try step(sql, values) { while try $0.step() { try body($0) } }
    }

    /// The result of a body for each row of a statement; the body must not run the same statement.
    func all<T>(_ sql: StatementText, _ values: Value..., body: (any Row) throws -> T) throws -> [T]
    {
        try all(sql, values, body: body)
    }

    func all<T>(_ sql: StatementText, _ values: [Value], body: (any Row) throws -> T) throws -> [T]
    {
        var found: [T] = []
        try step(sql, values) { while try $0.step() { found.append(try body($0)) } }
        return found
    }

    /// The first row of a statement; nil if there is none.
    package func first<T>(
        _ sql: StatementText,
        _ values: Value...,
        body: (any Row) throws -> T
    ) throws -> T? {
        try step(sql, values) { try $0.step() ? body($0) : nil }
    }

    /// A statement that the caller steps and clears.
    func query(_ sql: StatementText, _ values: Value...) throws -> any PreparedStatement {
        try bound(sql, values)
    }

    private func step<T>(
        _ sql: StatementText,
        _ values: [Value],
        _ body: (any PreparedStatement) throws -> T
    ) throws -> T {
        let statement = try bound(sql, values)
        defer { statement.clear() }
        return try body(statement)
    }

    private func bound(_ sql: StatementText, _ values: [Value]) throws -> any PreparedStatement {
        let statement = try statement(sql)
        for (index, value) in values.enumerated() { try statement.bind(value, at: index + 1) }
        return statement
    }
}

extension Row {
    package func int(_ column: Int) -> Int { Int(int64(column)) }
    package func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
    func flag(_ column: Int) -> Bool { int64(column) != 0 }
    func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }
    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
}
