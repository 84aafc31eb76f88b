import QueueTables
import Synchronization

/// The texts of statements with PostgreSQL's parameters, each translated once.
final class TranslatedTexts: Sendable {
    private let texts = Mutex<[String: String]>([:])

    subscript(sql: StatementText) -> String {
        texts.withLock { texts in
            // Two statements that SQLite has one text of have one text here, too.
            if let text = texts[sql.sqlite] { return text }
            let text = sql.postgres
            texts[sql.sqlite] = text
            return text
        }
    }
}
