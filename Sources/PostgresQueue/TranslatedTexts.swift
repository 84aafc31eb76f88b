import QueueTables
import Synchronization

/// The texts of statements with PostgreSQL's parameters, each translated once.
final class TranslatedTexts: Sendable {
    private let texts = Mutex<[StatementText: String]>([:])

    subscript(sql: StatementText) -> String {
        texts.withLock { texts in
            if let text = texts[sql] { return text }
            let text = sql.postgres
            texts[sql] = text
            return text
        }
    }
}
