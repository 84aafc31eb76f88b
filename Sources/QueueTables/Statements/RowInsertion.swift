/// Statements that insert accounts into a table, many at a time; those that are there stay as they
/// are.
struct RowInsertion: Sendable {
    /// Rows of one statement: more make it no faster.
    static let rowsPerStatement = 100

    let many: StatementText
    let one: StatementText

    /// All rows share the value of a column.
    init(into table: String, _ shared: String) {
        func insertion(rows: Int) -> StatementText {
            let values = Array(repeating: "(?1, ?)", count: rows).joined(separator: ", ")
            return """
                INSERT INTO \(table) (\(shared), account) VALUES \(values) ON CONFLICT DO NOTHING
                """
        }
        many = insertion(rows: Self.rowsPerStatement)
        one = insertion(rows: 1)
    }
}
