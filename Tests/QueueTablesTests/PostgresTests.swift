import Foundation
import QueueFixtures
import QueueTables
import Testing

/// Every statement of the queue is one that PostgreSQL takes, too.
@Suite(
    .enabled(
        if: PostgresServer.missing == nil,
        "\(PostgresServer.missing ?? ""): nothing is tested on PostgreSQL"
    )
)
struct PostgresTests {
    /// The names of statements that a store on PostgreSQL can't prepare.
    private func refused(
        _ statements: [(name: String, sql: StatementText)]
    ) async throws
        -> [String]
    {
        let store = try Stores().make(.postgres)
        return try await store.engine.write(.request) { connection in
            statements.compactMap { name, sql in
                do {
                    let text = "PREPARE \"\(name)\" AS \(sql.postgres)"
                    try connection.run(StatementText(stringLiteral: text))
                    return nil
                } catch {
                    return "\(name): \(error)"
                }
            }
        }.get()
    }

    @Test func `it makes the tables and prepares every statement`() async throws {
        // Parts of a transaction are prepared nowhere.
        let statements = Statements.all.filter { !$0.sql.postgres.contains("SAVEPOINT") }
        #expect(statements.count > 80)
        #expect(try await refused(statements) == [])
    }

    @Test func `each statement that only SQLite takes is found`() async throws {
        let planted: [StatementText] = [
            "INSERT OR IGNORE INTO removed (campaign) VALUES (?)",
            "UPDATE ledger SET release_ns = max(?2, release_ns) WHERE id = ?1",
            "SELECT ifnull(max(id), 0) FROM batch", "SELECT ledger FROM nowhere",
        ]
        let named = planted.enumerated().map { (name: "planted \($0)", sql: $1) }
        #expect(try await refused(named).count == planted.count)
    }
}

@Suite struct StatementTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/QueueTables")

    @Test func `no statement is missing from the list of all`() throws {
        let names = Set(Statements.all.map { $0.name.split(separator: ".").last.map(String.init) })
        var found = 0
        for path in FileManager.default.subpaths(atPath: Self.sources.path) ?? []
        where path.hasSuffix(".swift") {
            let file = Self.sources.appending(path: path)
            let text = try String(contentsOf: file, encoding: .utf8)
            guard path.hasPrefix("Statements/") else {
                let isSchema = path.hasPrefix("Schema/") || path.hasSuffix("/Dialect.swift")
                let isStray = text.contains(
                    #/(^|["(]) *(SELECT|INSERT|UPDATE|DELETE|WITH) [a-z(?1]/#
                )
                #expect(isSchema || !isStray, "\(path) has a statement of its own")
                continue
            }
            for match in text.matches(of: #/(static )?let (\w+)(: StatementText| = StatementText)/#)
            {
                #expect(match.1 == nil && names.contains(String(match.2)), "\(path): \(match.2)")
                found += 1
            }
        }
        #expect(found > 60 && Statements.all.count >= found)
    }

    @Test(arguments: [
        ("a = ? AND b = ?", "a = $1 AND b = $2"), ("a = ?2 AND b = ?1", "a = $2 AND b = $1"),
        ("VALUES (?1, ?), (?1, ?)", "VALUES ($1, $2), ($1, $3)"), ("a = ?12", "a = $12"),
        ("FROM batch INDEXED BY batch_open WHERE id = ?", "FROM batch WHERE id = $1"),
    ])
    func `parameters are numbered as SQLite does, and hints left out`(
        text: String,
        translated: String
    ) {
        #expect(StatementText(stringLiteral: text).postgres == translated)
        #expect(StatementText(stringLiteral: text).sqlite == text)
    }
}
