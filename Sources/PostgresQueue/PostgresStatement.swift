import QueueTables

/// A statement with its values, and its answer once it was run.
///
/// Several may be of one text: the whole answer is here, so each keeps its own.
final class PostgresStatement: PreparedStatement {
    private let connection: ServerConnection
    private let text: String
    private var parameters = Parameters()
    private var answer: Answer?
    private var row = -1

    init(_ connection: ServerConnection, _ text: String) {
        self.connection = connection
        self.text = text
    }

    func bind(_ value: Value, at index: Int) throws { parameters.set(value, at: index) }

    func bind(borrowed texts: [UnsafeRawBufferPointer], from index: Int) throws {
        unsafe parameters.set(texts, at: index)
    }

    func step() throws -> Bool {
        let answer = try answer ?? connection.run(text, parameters)
        self.answer = answer
        row += 1
        return row < answer.count
    }

    func clear() {
        answer = nil
        row = -1
        parameters.removeAll()
    }

    func isNull(_ column: Int) -> Bool { answer?.isNull(row, column) ?? true }
    func int64(_ column: Int) -> Int64 { answer?.int64(row, column) ?? 0 }

    func bytes(_ column: Int) -> [UInt8] {
        answer.map { unsafe Array($0.bytes(row, column)) } ?? []
    }
}

/// A server's connection as the queue's logic uses it.
struct PostgresConnection: Connection {
    let server: ServerConnection
    private let texts: TranslatedTexts

    init(_ server: ServerConnection, _ texts: TranslatedTexts) {
        self.server = server
        self.texts = texts
    }

    func statement(_ sql: StatementText) throws -> any PreparedStatement {
        PostgresStatement(server, texts[sql])
    }

    var changedRows: Int { server.changedRows }
    var bindsArrays: Bool { true }
}
