import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import Testing

/// SQLite's own interface, as the store uses it.
@Suite struct SQLiteConnectionTests {
    private let files = TemporaryFiles()

    private struct Refusal: Error {}

    /// A database with a table of numbers, which refuses a child without its parent at the commit.
    private func makeNumbers() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(at: files.path("a"))
        try connection.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
            CREATE TABLE number (n INTEGER NOT NULL UNIQUE);
            CREATE TABLE child (n REFERENCES number (n) DEFERRABLE INITIALLY DEFERRED);
            """
        )
        return connection
    }

    private func numbers(_ connection: SQLiteConnection) throws -> [Int] {
        var found: [Int] = []
        try connection.each("SELECT n FROM number ORDER BY n") { found.append($0.int(0)) }
        return found
    }

    private func error(of body: () throws -> Void) -> SQLiteError? {
        do {
            try body()
        } catch {
            return error as? SQLiteError
        }
        return nil
    }

    // MARK: Statements

    @Test func `a statement is prepared once, whoever wrote its text`() throws {
        let connection = try makeNumbers()
        let text: StatementText = "INSERT INTO number VALUES (?)"
        let statement = try connection.statement(text)
        let same = StatementText(
            stringLiteral: ["INSERT INTO number", "VALUES (?)"].joined(separator: " ")
        )
        #expect(same == text)
        #expect(try connection.statement(same) === statement)
        #expect(try connection.statement("INSERT INTO child VALUES (?)") !== statement)
        try connection.run(text, .int(3))
        try connection.run(same, .int(4))
        #expect(try numbers(connection) == [3, 4])
    }

    @Test func `a statement that was left in its middle begins anew`() throws {
        let connection = try makeNumbers()
        try connection.execute("INSERT INTO number VALUES (1), (2)")
        let text: StatementText = "SELECT n FROM number ORDER BY n"
        let left = try connection.statement(text)
        #expect(try left.step())
        #expect(try numbers(connection) == [1, 2])
    }

    @Test func `a statement that failed can be run again`() throws {
        let connection = try makeNumbers()
        let text: StatementText = "INSERT INTO number VALUES (?)"
        let statement = try connection.statement(text)
        #expect(error { _ = try statement.step() }?.code == 19)
        try statement.bind(.int(5), at: 1)
        #expect(try !statement.step())
        #expect(try numbers(connection) == [5])
    }

    @Test func `a name in double quotes is never a text`() throws {
        let connection = try makeNumbers()
        let found = error { try connection.run("SELECT \"misspelt\" FROM number") }
        #expect(found?.message.contains("misspelt") == true)
    }

    // MARK: Transactions

    @Test func `a transaction whose body throws leaves nothing`() throws {
        let connection = try makeNumbers()
        #expect(throws: Refusal.self) {
            try connection.transaction {
                try connection.run("INSERT INTO number VALUES (1)")
                throw Refusal()
            }
        }
        try connection.transaction { try connection.run("INSERT INTO number VALUES (2)") }
        #expect(try numbers(connection) == [2])
    }

    @Test func `a transaction that can't be committed is rolled back`() throws {
        let connection = try makeNumbers()
        let found = error {
            try connection.transaction {
                try connection.run("INSERT INTO number VALUES (1)")
                try connection.run("INSERT INTO child VALUES (9)")
            }
        }
        #expect(found?.message == "FOREIGN KEY constraint failed")
        try connection.transaction { try connection.run("INSERT INTO number VALUES (2)") }
        #expect(try numbers(connection) == [2])
    }

    @Test func `a transaction that SQLite itself rolled back isn't taken for committed`() throws {
        let connection = try makeNumbers()
        let found = error {
            try connection.transaction {
                try connection.run("INSERT INTO number VALUES (1)")
                // As a full disk may; the body thinks nothing of it.
                _ = error { try connection.run("INSERT OR ROLLBACK INTO number VALUES (1)") }
            }
        }
        #expect(found?.message == "the transaction was rolled back by SQLite")
        #expect(found?.isOfOneWrite == false)
        #expect(try numbers(connection) == [])
    }

    @Test func `a transaction has the right to write from its beginning`() throws {
        let (connection, other) = (try makeNumbers(), try SQLiteConnection(at: files.path("a")))
        try other.execute("PRAGMA busy_timeout = 0")
        try connection.transaction {
            let found = error { try other.execute("INSERT INTO number VALUES (1)") }
            #expect(found?.description == "SQLite error 5: database is locked")
        }
    }

    // MARK: Reading

    @Test func `a snapshot doesn't change from its first statement to its end`() throws {
        let writer = try makeNumbers()
        let reader = try SQLiteConnection(at: files.path("a"), .reading)
        try reader.snapshot {
            #expect(try numbers(reader) == [])
            try writer.execute("INSERT INTO number VALUES (1)")
            #expect(try numbers(reader) == [])
        }
        #expect(try reader.snapshot { try numbers(reader) } == [1])
        #expect(throws: Refusal.self) {
            try reader.snapshot {
                _ = try numbers(reader)
                throw Refusal()
            }
        }
        try writer.execute("INSERT INTO number VALUES (2)")
        #expect(try numbers(reader) == [1, 2])
    }

    @Test func `a connection that reads can't write, nor make a file`() throws {
        _ = try makeNumbers()
        let reader = try SQLiteConnection(at: files.path("a"), .reading)
        let found = error { try reader.run("INSERT INTO number VALUES (1)") }
        #expect(
            found?.description == "SQLite error 8: attempt to write a readonly database"
        )
        let missing = error { _ = try SQLiteConnection(at: files.path("b"), .reading) }
        #expect(missing?.description == "SQLite error 14: unable to open database file")
        #expect(files.contents(files.path("b")) == nil)
    }

    // MARK: Errors and the end

    @Test func `an error has SQLite's text, its code and the code's details`() throws {
        let connection = try makeNumbers()
        let found = error { try connection.run("INSERT INTO number VALUES (NULL)") }
        #expect(found?.code == 19)
        #expect(found?.extendedCode == 1_299)
        #expect(found?.description == "SQLite error 19: NOT NULL constraint failed: number.n")
        #expect(found?.isOfOneWrite == true)
    }

    @Test func `a closed connection refuses everything`() throws {
        let connection = try makeNumbers()
        try connection.run("INSERT INTO number VALUES (1)")
        try connection.close()
        try connection.close()
        let found = error { try connection.run("INSERT INTO number VALUES (1)") }
        #expect(found?.description == "SQLite error 21: the connection is closed")
        let other = error { try connection.execute("DELETE FROM number") }
        #expect(other?.description == "SQLite error 21: bad parameter or other API misuse")
        #expect(throws: SQLiteError.self) { try connection.snapshot {} }
        // The last one leaves the file alone.
        #expect(files.contents(files.path("a") + "-wal") == nil)
    }
}

/// The connections of a store that read.
@Suite struct ReaderTests {
    private let files = TemporaryFiles()

    @Test func `every reader sees one state for as long as it reads, and can't write`() async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let instant: StatementText = "SELECT last_instant_ns FROM clock"
        // More at once than there are readers, so each of them is asked.
        let found = await withTaskGroup(of: [Int]?.self) { group in
            for number in 1...9 {
                group.addTask {
                    let result = await store.engine.read { connection in
                        let before = try connection.first(instant) { $0.int(0) } ?? -1
                        let other = try SQLiteConnection(at: files.path("a"))
                        try other.run("UPDATE clock SET last_instant_ns = \(number)")
                        do {
                            try connection.run("DELETE FROM clock")
                            return [before, -3]
                        } catch is SQLiteError {
                            return [before, try connection.first(instant) { $0.int(0) } ?? -2]
                        }
                    }
                    guard case .success(let counts) = result else { return nil }
                    return counts
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found.count == 9)
        #expect(found.allSatisfy { $0 != nil && $0?.first == $0?.last }, "\(found)")
        try store.close()
    }

    @Test func `a store that is closed lets its readers end, and refuses what comes`() async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        let (held, isHeld) = AsyncStream.makeStream(of: Void.self)
        async let reading = store.engine.read { connection in
            isHeld.finish()
            return try connection.first("SELECT count(*) FROM clock") { $0.int(0) }
        }
        for await _ in held {}
        try store.close()
        #expect(try await reading.get() == 1)
        let refusal = QueueError.failed("\(files.path("a")): the store is closed")
        await #expect(throws: refusal) { try await store.standing() }
    }
}
