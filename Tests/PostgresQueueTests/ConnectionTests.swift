import DeliveryCore
import DeliveryEngine
import Glibc
import PostgresQueue
import QueueFixtures
import QueueTables
import TestSupport
import Testing

/// Connections that break, hang, or have lost their lease.
@Suite(.onPostgres, .timeLimit(.minutes(2)))
struct ConnectionTests {
    private func makeStore() throws -> (Store, Database) {
        let database = try Database()
        return (
            try Store.open(in: database.server.makeOptions(), options: makeOptions()), database
        )
    }

    @Test func `who takes the lease over writes, and whoever had it writes nothing more`()
        async throws
    {
        let database = try Database()
        let options = database.server.makeOptions()
        let first = try Store.open(in: options, options: makeOptions())
        _ = try await first.create(makeNewCampaign(), now: at(0))
        let second = try Store.open(in: options, options: makeOptions(boot: "boot-2"))
        _ = try await second.claim()
        let words = first.words(await first.note(1))
        #expect(words?.contains("another node has taken the lease of epoch 1 over") == true)
        await #expect(throws: QueueError.self) { try await first.claim() }
        await #expect(throws: IntakeError.self) { try await first.openIntake(makeID()) }
        #expect(try await second.counts().sending == 10)
        #expect(try await second.noted() == [])
    }

    @Test func `connections that the server has ended are made anew, and nobody notices`()
        async throws
    {
        let (store, database) = try makeStore()
        try await store.note(1).get()
        #expect(try await store.noted() == [1])
        for backend in [try await store.backend(), try await store.readingBackend()] {
            try await database.number("SELECT pg_terminate_backend(\(backend))::INT")
        }
        #expect(try await store.noted() == [1])
        try await store.note(2).get()
        #expect(try await store.noted() == [1, 2])
        #expect(store.inDoubt == 0)
    }

    @Test func `a hung server comes back as an error, and the next job has another connection`()
        async throws
    {
        let (store, _) = try makeStore()
        let backend = pid_t(try await store.backend())
        kill(backend, SIGSTOP)
        let words = store.words(await store.note(1))
        #expect(words?.contains("the server hasn't answered for 5 s") == true)
        #expect(words?.contains("see to the database and the network to it") == true)
        kill(backend, SIGCONT)
        try await store.note(2).get()
        #expect(try await store.noted() == [2])
        #expect(store.inDoubt == 0)
    }

    @Test func `a statement that fails undoes its transaction, and the next one goes on`()
        async throws
    {
        let (store, _) = try makeStore()
        try await store.note(1).get()
        let words = store.words(await store.note(1))
        #expect(words?.contains("duplicate key") == true && words?.contains("23505") == true)
        try await store.note(2).get()
        #expect(try await store.noted() == [1, 2])
    }

    @Test func `of several servers the one that takes writes is found`() async throws {
        let database = try Database()
        var options = database.server.makeOptions()
        options.url = "host=/nowhere,\(database.server.folder),/none user=postgres dbname=postgres"
        let store = try Store.open(in: options, options: makeOptions())
        try await store.note(1).get()
        #expect(try await store.noted() == [1])
        options.url = "host=/nowhere,/none port=1,2 user=postgres dbname=postgres"
        do {
            _ = try PostgresInspection(options)
            Issue.record("a server was found")
        } catch {
            #expect("\(error)".contains("/nowhere:1: ") && "\(error)".contains("/none:2: "))
        }
    }

    @Test func `closed, it says so`() async throws {
        let (store, _) = try makeStore()
        try store.close()
        #expect(store.words(await store.note(1))?.contains("it is closed") == true)
        await #expect(throws: QueueError.self) { try await store.totals() }
    }

    @Test func `many jobs at once have their turns, and readers see what was committed`()
        async throws
    {
        let (store, _) = try makeStore()
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 {
                group.addTask {
                    let run = AccountRun(makeAccounts(3, prefix: "stream-\(number)-"))
                    let taken = try await store.take(run, into: makeID(), now: at(1))
                    #expect(taken.accepted == 3)
                    _ = try await store.everybody(pageSize: 100)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.counts().queued == 150)
        try store.close()
    }
}

extension Store {
    /// The process of the server that serves a reader.
    fileprivate func readingBackend() async throws -> Int64 {
        try await engine.read { connection in
            try connection.first("SELECT pg_backend_pid()") { $0.int64(0) } ?? 0
        }.get()
    }
}
