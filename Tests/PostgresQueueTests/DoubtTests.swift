import DeliveryCore
import DeliveryEngine
import Glibc
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// A commit of which nobody knows for a while whether it was made.
@Suite(.onPostgres, .timeLimit(.minutes(2)))
struct DoubtTests {
    private func makeStore() throws -> (Store, Database) {
        let database = try Database()
        return (
            try Store.open(in: database.server.makeOptions(), options: makeOptions()), database
        )
    }

    /// A commit that waits for a second server, which never comes.
    private static let waits = "SET LOCAL synchronous_commit = on"

    @Test(arguments: ["pg_cancel_backend", "pg_terminate_backend"])
    func `made, though its wait for the second server was broken off, it is reported as made`(
        breaking: String
    ) async throws {
        let (store, database) = try makeStore()
        let backend = try await store.backend()
        async let commit = store.note(1, after: Self.waits)
        try await database.waitForCommit(of: backend, "SyncRep")
        try await database.number("SELECT \(breaking)(\(backend))::INT")
        try await commit.get()
        #expect(store.inDoubt == 1)
        #expect(try await store.noted() == [1])
        // The lease's row is as this node believes it to be.
        try await store.note(2).get()
        #expect(try await store.noted() == [1, 2])
        #expect(store.inDoubt == 1)
    }

    @Test func `undone inside its commit, it is reported as what went wrong`() async throws {
        let (store, database) = try makeStore()
        try await slowCommits(of: store)
        let backend = try await store.backend()
        async let commit = store.note(1)
        try await database.waitForCommit(of: backend, "PgSleep")
        try await database.number("SELECT pg_terminate_backend(\(backend))::INT")
        let words = await store.words(commit)
        #expect(words?.contains("terminating connection due to administrator command") == true)
        #expect(store.inDoubt == 1)
        #expect(try await store.noted() == [])
        try await store.engine.write(.request) { connection in
            _ = try connection.run("DROP TRIGGER slow ON removed")
        }.get()
        try await store.note(2).get()
        #expect(try await store.noted() == [2])
    }

    /// Makes commits of rows in `removed` take half a minute.
    private func slowCommits(of store: Store) async throws {
        try await store.engine.write(.request) { connection in
            try connection.run(
                """
                CREATE FUNCTION sleep() RETURNS TRIGGER LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'
                """
            )
            try connection.run(
                """
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON removed DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION sleep()
                """
            )
        }.get()
    }

    @Test func `a commit that hangs is in doubt, and jobs fail at once until it is settled`()
        async throws
    {
        let (store, database) = try makeStore()
        let backend = try await store.backend()
        async let commit = store.note(1, after: Self.waits)
        try await database.waitForCommit(of: backend, "SyncRep")
        // It waits for its turn until the deadline of the commit before has passed.
        let waiting = store.words(await store.note(2))
        #expect(waiting?.contains("it isn't known yet whether the last commit was made") == true)
        // The question waits for the row, which the commit has.
        let refused = store.words(await store.note(3))
        #expect(refused?.contains("it isn't known yet whether the last commit was made") == true)
        try await database.number("SELECT pg_cancel_backend(\(backend))::INT")
        try await commit.get()
        #expect(store.inDoubt == 1)
        #expect(try await store.noted() == [1])
        try await store.note(4).get()
        #expect(try await store.noted() == [1, 4])
    }
}
