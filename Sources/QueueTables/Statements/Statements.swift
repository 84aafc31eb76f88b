/// Every statement that the queue's logic runs, by table and name.
///
/// The tests prepare each statement listed here on every engine they have.
package struct Statements: Sendable {
    let campaign = CampaignStatements()
    let recipient = RecipientStatements()
    let state = RecipientStateStatements()
    let suppression = SuppressionStatements()
    let batch = BatchStatements()
    let lookUp = LookUpStatements()
    let job = JobStatements()
    let recall = RecallStatements()
    let ledger = LedgerStatements()
    let service = ServiceStatements()
    let removal = RemovalStatements()
    let traffic = TrafficStatements()
    let outbox = OutboxStatements()

    init() {}

    /// Each of them with its name, such as `batch.byKey`.
    package static let all = named(sql, "")

    private static func named(_ value: Any, _ name: String) -> [(name: String, sql: StatementText)]
    {
        if let sql = value as? StatementText { return [(name, sql)] }
        return Mirror(reflecting: value).children.enumerated().flatMap { number, child in
            named(child.value, name + (name.isEmpty ? "" : ".") + (child.label ?? "\(number)"))
        }
    }
}

/// Built once; every caller names a statement of it.
let sql = Statements()
