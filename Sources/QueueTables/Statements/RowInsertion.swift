/// Statements that insert accounts into a table, many at a time; those that are there stay as they
/// are.
struct RowInsertion: Sendable {
    /// Rows of one statement: more make it no faster.
    static let rowsPerStatement = 100
    /// Rows of a statement that takes them as an array: each is a message to the server and back.
    static let rowsPerArray = 5_000

    let many: StatementText
    let one: StatementText

    /// All rows share the value of a column.
    init(into table: String, _ shared: String) {
        func insertion(_ rows: String) -> String {
            "INSERT INTO \(table) (\(shared), account) \(rows) ON CONFLICT DO NOTHING"
        }
        many = StatementText { insertion($0.rows(Self.rowsPerStatement)) }
        one = StatementText(stringLiteral: insertion("VALUES (?1, ?)"))
    }
}
