import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// What a store keeps, in its file and in memory, and what it lets go.
@Suite struct KeptTests {
    private let files = TemporaryFiles()

    @Test func `whatever codes a retry names, no statement more is kept`() async throws {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: makeAccounts(5)), now: at(0))
        let batch = try await store.claim()
        let verdicts = batch.accounts.map { makeVerdict($0) }
        try await store.commit(makeRecord(batch.id, .settled(messageKey: "k", verdicts: verdicts)))
        _ = try await store.change(.retry(makeID(), RetryFilter(codes: [1])))
        let bytes = store.preparedBytes
        for length in [2, 7, 100, 5_000] {
            let codes = Array((100_000 + length)..<(100_000 + 2 * length))
            let change = try await store.change(.retry(makeID(), RetryFilter(codes: codes)))
            #expect(change.requeued == 0)
        }
        let named = RetryFilter(codes: Array(70_000..<75_000))
        #expect(try await store.change(.retry(makeID(), named)).requeued == 5)
        // A claim's own statement may be made ready once.
        #expect(store.preparedBytes <= bytes + 20_000)
        try store.close()
    }

    @Test func `no statement keeps the accounts that were bound to it where they lay`() async throws
    {
        let store = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await store.create(makeNewCampaign(accounts: [], start: false), now: at(0))
        // Thirty-one blocks go by statements of sixteen, of eight, and so on.
        let run = AccountRun(makeAccounts(31 * 174))
        #expect(try await store.take(run, into: makeID(), now: at(0)).accepted == 31 * 174)
        let insertions = Statements.all.filter { $0.name.hasPrefix("recipient.insert") }
        #expect(insertions.count == 5)
        for insertion in insertions {
            let result = await store.engine.write(.request) { connection in
                let statement = try connection.statement(insertion.sql)
                defer { statement.clear() }
                return try statement.step()
            }
            // Nothing is bound, and no column of the table takes that.
            #expect(throws: (any Error).self) { _ = try result.get() }
        }
        try store.close()
    }

    @Test func `requests with a key are forgotten without a new one`() async throws {
        let path = files.path("a")
        let store = try Store.open(at: path, options: makeOptions(rowsPerStep: 20))
        for number in 1...5 {
            let request = makeRequest(makeKey("key-\(number)"))
            let campaign = makeNewCampaign(makeID(UInt64(number)))
            _ = try await store.create(campaign, for: request, now: at(Double(number)))
        }
        let day = 86_400.0
        #expect(try await store.sweep(now: at(day + 4)).hasMore)
        #expect(try await store.sweep(now: at(day + 4)).hasMore)
        #expect(try await !store.sweep(now: at(day + 4)).hasMore)
        try store.close()
        let rows = try StoredRows(at: path).tables["keyed_request"] ?? ""
        #expect(rows.split(separator: "\n").count == 1)
    }

    @Test func `what is forgotten is removed`() async throws {
        let path = files.path("a")
        let store = try Store.open(at: path, options: makeOptions())
        for number in 1...5 {
            let request = makeRequest(makeKey("key-\(number)"))
            let now = at(number == 5 ? 90_000 : 0)
            _ = try await store.create(
                makeNewCampaign(makeID(UInt64(number))),
                for: request,
                now: now
            )
        }
        try store.close()
        let rows = try StoredRows(at: path).tables["keyed_request"] ?? ""
        #expect(rows.split(separator: "\n").count == 1)
    }

    /// An export waits for its reader between two pages, for hours if it must.
    @Test func `a reader that takes a page now and then doesn't let the log grow`() async throws {
        let store = try Store.open(
            at: files.path("a"),
            options: makeOptions(),
            file: FileOptions(checkpointPages: 100)
        )
        let accounts = makeAccounts(2_000)
        _ = try await store.create(makeNewCampaign(accounts: accounts), now: at(0))
        var read: [Account] = []
        var last: Account?
        var largest = 0
        var written = 0
        repeat {
            let page = try await store.recipients(
                of: makeID(),
                matching: RecipientFilter(),
                after: last,
                limit: 100
            )
            read += page.recipients.map(\.account)
            last = page.next
            for index in 0..<20 {
                let id = makeID(UInt64(100 + read.count * 20 + index))
                _ = try await store.create(
                    makeNewCampaign(id, accounts: makeAccounts(500)),
                    now: at(0)
                )
                written += 1
            }
            largest = max(largest, files.size(of: "a-wal"))
        } while last != nil
        #expect(read == accounts)
        // Moved into the file at 100 pages; one transaction more may stand behind them.
        print("FIGURE log: at most \(largest) bytes, of \(written) campaigns")
        #expect(largest < 1_000_000)
        try store.close()
    }

    @Test func `halves of a batch that an earlier process claimed have keys of their own`()
        async throws
    {
        let first = try Store.open(at: files.path("a"), options: makeOptions())
        _ = try await first.create(makeNewCampaign(accounts: makeAccounts(4)), now: at(0))
        let batch = try await first.claim()
        try first.close()

        let store = try Store.open(at: files.copy("a", to: "b"), options: makeOptions())
        let result = try await store.commit(makeRecord(batch.id, .split(.tooLarge)))
        guard case .recorded(_, let opened) = result else { throw NothingClaimed() }
        #expect(opened.count == 2)
        #expect(opened.allSatisfy { $0.id > batch.id })
        try store.close()
    }
}
