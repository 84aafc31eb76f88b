package import DeliveryCore
package import DeliveryEngine
import Dispatch
import Synchronization

/// The queue on an engine's tables: what is committed survives a crash and a power loss.
package final class Store: Sendable {
    package let engine: any Engine
    private let options: Options
    private let sender: Mutex<[UInt8]?>
    let subscriptions = Mutex<[Subscription]>([])
    package let eventsStored: AsyncStream<Void>
    private let eventStored: AsyncStream<Void>.Continuation
    let memory: Mutex<WriterMemory>
    /// How many streams of recipients are open, by draft: in memory, so that closing one can't
    /// fail.
    let intakes = Mutex<[Campaign.ID: Int]>([:])
    /// Keys of campaigns whose creation takes several transactions.
    let arriving = Mutex<Set<Int64>>([])
    package let faults: AsyncStream<QueueError>
    private let fault: AsyncStream<QueueError>.Continuation
    /// Sorts runs of accounts, one at a time and off the threads that the sending loop needs.
    private let sorter = DispatchQueue(label: "fanoutd.sorter", qos: .utility)

    /// Salts the fingerprint of credentials that this store keeps; each store has its own.
    package let salt: String

    package init(on engine: any Engine, salt: String, options: Options) {
        self.engine = engine
        self.salt = salt
        self.options = options
        sender = Mutex(options.sender)
        (eventsStored, eventStored) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (faults, fault) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        memory = Mutex(
            WriterMemory(
                random: SplitMix64(seed: options.seed),
                eventRandom: SplitMix64(seed: ~options.seed),
                lacksCalls: engine.lacksCalls
            )
        )
    }

    package struct Options: Sendable {
        /// Names the boot whose monotonic clock `Now.instant` reads.
        package var bootID: String
        /// Seeds the numbers that the store itself draws.
        package var seed: UInt64
        /// The size of accounts in the provider's requests.
        package var accounts: any AccountRules
        /// The account in whose name messages go out that name no sender.
        package var sender: [UInt8]?
        /// The most rows that one transaction's mass operations look at.
        package var rowsPerStep: Int
        /// Writes an event as hooks are told it; without it none is stored.
        package var render: (@Sendable (HookEvent) -> [UInt8])?
        /// The most events that a hook is still to be told; the oldest make room for new ones.
        package var backlogLimit = 100_000

        package init(
            bootID: String,
            seed: UInt64,
            accounts: any AccountRules,
            sender: [UInt8]? = nil,
            rowsPerStep: Int = CommitSize.rows,
            render: (@Sendable (HookEvent) -> [UInt8])? = nil
        ) {
            // A batch's row stores the length of each account in one byte.
            precondition((1...255).contains(accounts.byteLimit), "accounts have up to 255 bytes")
            self.bootID = bootID
            self.seed = seed
            self.accounts = accounts
            self.sender = sender
            self.rowsPerStep = rowsPerStep
            self.render = render
        }
    }

    /// The same rows as the next process finds them, maybe after a reboot: for simulations.
    package func reopened(bootID: String) -> Store {
        var options = options
        options.bootID = bootID
        options.sender = sender.withLock { $0 }
        let store = Store(on: engine, salt: salt, options: options)
        store.subscribe(subscriptions.withLock { $0 })
        return store
    }

    /// How many rows belong to no campaign: for tests and simulations.
    package func strayRowCount() async throws(QueueError) -> Int {
        try await read { try $0.first(sql.removal.strayCount) { $0.int(0) } ?? 0 }
    }
}

// MARK: Transactions

extension Store {
    /// Runs a transaction in its turn; if it throws, it is rolled back.
    func write<T: Sendable>(
        now: Now,
        _ rank: WriterRank = .request,
        touchesClock: Bool = false,
        _ body: @escaping @Sendable (inout Transaction) throws -> T
    ) async -> Result<T, any Error> {
        let result = await engine.write(rank) { connection in
            try self.transact(connection, now: now, touchesClock: touchesClock, body)
        }
        // The loop's own commits answer it directly.
        if case .failure(let error) = result, rank != .loop { tell(error) }
        return result
    }

    /// Tells the sending loop of an error that concerns the whole store.
    private func tell(_ error: any Error) {
        if error.isOfStore { fault.yield(engine.queueError(error)) }
    }

    private func transact<T: Sendable>(
        _ connection: any WritingConnection,
        now: Now,
        touchesClock: Bool,
        _ body: @Sendable (inout Transaction) throws -> T
    ) throws -> T {
        var transaction = Transaction(
            connection,
            now: now,
            rules: options.accounts,
            sender: sender.withLock { $0 },
            rowsPerStep: options.rowsPerStep,
            intakes: intakes.withLock { $0 },
            arriving: arriving.withLock { $0 },
            outbox: outboxTerms,
            memory: memory.withLock { $0 }
        )
        var answer: T?
        try connection.transaction {
            if touchesClock { try transaction.begin(boot: options.bootID) }
            answer = try body(&transaction)
            try transaction.end(boot: touchesClock ? options.bootID : nil)
        }
        var kept = transaction.memory
        if kept.lacksCalls, kept.hasAdoptedLedger {
            kept.lacksCalls = false
            engine.heldWindow(connection)
        }
        memory.withLock { [kept] in $0 = kept }
        if transaction.hasEvents { eventStored.yield() }
        guard let answer else { preconditionFailure("a committed transaction has its answer") }
        return answer
    }

    /// Nil where nobody wants to be told anything.
    private var outboxTerms: OutboxTerms? {
        let subscriptions = subscriptions.withLock { $0 }
        guard let render = options.render, !subscriptions.isEmpty else { return nil }
        return OutboxTerms(
            subscriptions: subscriptions,
            backlogLimit: options.backlogLimit,
            render: render
        )
    }

    /// Reads a snapshot.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async throws(QueueError) -> T {
        try mapped(await engine.read(body))
    }

    func mapped<T>(_ result: Result<T, any Error>) throws(QueueError) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw engine.queueError(error)
        }
    }

    /// Has accounts written in the order of their bytes, a slice at a time.
    ///
    /// The next slice is sorted meanwhile. `write` learns how many accounts are left, and answers
    /// how long the slice took, or nil to stop. Without any account there is one empty slice.
    func inOrder<Failure>(
        _ slices: SortedSlices,
        write: (Result<SortedRun, any Error>, _ left: Int) async throws(Failure) -> Duration?
    ) async throws(Failure) {
        var size = CommitSize.slice
        var slice = await sorted(slices, size)
        var left = slices.count - slice.count
        while left > 0 {
            let present = size
            async let next = sorted(slices, present)
            guard let time = try await write(slice, left) else { return }
            // A simulation has a clock of its own, and the same slices each time.
            if engine.isConcurrent { size = CommitSize.slice(after: slice.count, took: time) }
            slice = await next
            left -= slice.count
        }
        _ = try await write(slice, 0)
    }

    /// Writes a slice in a transaction of its own; answers how long its rows took, too.
    func writeSlice<T: Sendable>(
        now: Now,
        _ body: @escaping @Sendable (inout Transaction) throws -> T
    ) async -> Result<(T, Duration), any Error> {
        await write(now: now, .bulk) { transaction in
            let start = ContinuousClock.now
            let answer = try body(&transaction)
            return (answer, ContinuousClock.now - start)
        }
    }

    /// The next slice, of so many accounts, sorted off the caller's thread where that takes long.
    func sorted(
        _ slices: SortedSlices,
        _ size: Int = CommitSize.slice
    ) async -> Result<SortedRun, any Error> {
        guard slices.count > Self.quicklySorted else { return Result { try slices.next(size) } }
        return await sorting { try slices.next(size) }
    }

    /// Sorts off the caller's thread.
    func sorting<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async -> Result<T, any Error> {
        guard engine.isConcurrent else { return Result(catching: body) }
        return await withCheckedContinuation { continuation in
            sorter.async { continuation.resume(returning: Result(catching: body)) }
        }
    }

    /// Stores accounts a slice at a time, each in a transaction of its own.
    ///
    /// If a slice fails, those before it are durable: the answer counts them and has the failure as
    /// its fault, if `fault` takes it for one of the store.
    func take<Failure>(
        _ slices: SortedSlices,
        now: Now,
        _ body: @escaping @Sendable (inout Transaction, SortedRun, _ left: Int) throws -> Taken,
        mapped: (Result<(Taken, Duration), any Error>) throws(Failure) -> (Taken, Duration),
        fault: (Failure) -> QueueError?
    ) async throws(Failure) -> Taken {
        var taken = Taken(accepted: 0, duplicates: 0, total: 0)
        var isFirst = true
        // No account has its transaction too, which checks the draft and counts.
        try await inOrder(slices) { slice, left throws(Failure) in
            let result = await writeSlice(now: now) { try body(&$0, slice.get(), left) }
            let (step, time): (Taken, Duration)
            do throws(Failure) {
                (step, time) = try mapped(result)
            } catch {
                guard !isFirst, let fault = fault(error) else { throw error }
                taken.fault = fault
                return nil
            }
            isFirst = false
            taken.add(step)
            return time
        }
        return taken
    }

    /// So few accounts are sorted in less time than a change of threads takes.
    private static let quicklySorted = 100
}

extension Result<SortedRun, any Error> {
    /// How many accounts the slice has.
    fileprivate var count: Int {
        switch self {
        case .success(let slice): slice.accounts.count
        case .failure: 0
        }
    }
}

// MARK: The ports

extension Store: QueueBackend {
    package func restore(now: Now) async throws(QueueError) -> Restored {
        try mapped(await write(now: now, .loop, touchesClock: true) { try $0.restore() })
    }

    package func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        let whole = await write(now: now, .loop, touchesClock: true) { transaction in
            try writes.map { try transaction.perform($0) }
        }
        guard case .failure(let error) = whole, error.isOfOneWrite else { return try mapped(whole) }
        // Nothing was committed. One write at a time costs a little more and shows which one fails.
        return try mapped(
            await write(now: now, .loop, touchesClock: true) { transaction in
                try writes.map { try transaction.performAlone($0) }
            }
        )
    }

    package func send(as sender: [UInt8]?) { self.sender.withLock { $0 = sender } }

    package func proveWriting(now: Now) async {
        let result = await write(now: now, .loop, touchesClock: true) { _ in }
        if case .failure(let error) = result { tell(error) }
    }

    package func standing() async throws(QueueError) -> QueueStanding {
        try await read { connection in
            var standing = QueueStanding()
            try connection.each(sql.campaign.tally) { row in
                standing.campaigns[try decoded(row.text(0))] = row.int(1)
            }
            try connection.each(sql.campaign.waiting) { row in
                standing.recipients = row.optionalInt(0) ?? 0
                standing.waitingSince = row.timestamp(1)
            }
            return standing
        }
    }

    package var ended: Counts { memory.withLock { $0.ended } }
    package var logSize: Int? { engine.logSize }
    package func close() throws(QueueError) { try engine.close() }
}
