package import DeliveryCore
package import DeliveryEngine
import Dispatch
import GRDB
import Synchronization

/// The queue on SQLite: what is committed survives a crash and a power loss.
///
/// One connection writes, on a thread of its own and one transaction after another; a few others
/// read, each on a snapshot. Only the writer checkpoints, since SQLite before 3.51.3 can damage the
/// WAL when two connections write or checkpoint at once.
package final class Store: Sendable {
    let writer: any DatabaseWriter
    let path: String
    let options: Options
    let memory: Mutex<WriterMemory>
    /// How many streams of recipients are open, by draft: no row, so that closing one can't fail.
    let intakes = Mutex<[Campaign.ID: Int]>([:])
    /// Keys of campaigns that are being made in several transactions.
    let arriving = Mutex<Set<Int64>>([])
    let turns = Mutex(WriterTurns())
    package let faults: AsyncStream<QueueError>
    let fault: AsyncStream<QueueError>.Continuation
    /// Sorts runs of accounts: one at a time, and not on the threads that the sending loop needs.
    let sorter = DispatchQueue(label: "fanoutd.sorter", qos: .utility)
    let lock: StoreLock?
    /// Nil for a store in memory, which nobody else can open.
    let fence: Mutex<Fence?>

    /// Salts the fingerprint of credentials that this store keeps: another in every store.
    package let salt: String

    init(
        writer: any DatabaseWriter,
        path: String,
        options: Options,
        lock: StoreLock?,
        fence: Fence?,
        salt: String,
        isRestored: Bool = false
    ) {
        self.fence = Mutex(fence)
        self.salt = salt
        self.writer = writer
        self.path = path
        self.options = options
        self.lock = lock
        (faults, fault) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        memory = Mutex(WriterMemory(random: SplitMix64(seed: options.seed), isRestored: isRestored))
    }

    var endedCounts: Counts { memory.withLock { $0.ended } }

    package struct Options: Sendable {
        /// Names the boot whose monotonic clock `Now.instant` reads.
        package var bootID: String
        /// For the numbers that the store itself draws.
        package var seed: UInt64
        /// Under this much room on the disk nothing new is accepted.
        package var minFreeBytes: Int
        /// How many pages of 4 KiB the file may have; nil for no limit but the disk's.
        package var pageLimit: Int?
        /// How many pages the WAL may have before they are moved into the file.
        ///
        /// 16 MB: random runs of intake touch many pages again before they can be moved.
        package var checkpointPages: Int
        /// How many rows the mass operations of one transaction look at, at most.
        package var rowsPerStep: Int

        package init(
            bootID: String,
            seed: UInt64,
            minFreeBytes: Int = 0,
            pageLimit: Int? = nil,
            checkpointPages: Int = 4_000,
            rowsPerStep: Int = CommitSize.rows
        ) {
            self.bootID = bootID
            self.seed = seed
            self.minFreeBytes = minFreeBytes
            self.pageLimit = pageLimit
            self.checkpointPages = checkpointPages
            self.rowsPerStep = rowsPerStep
        }
    }
}

extension Store {
    /// Returns once a write has returned, done or refused: for a watchdog, which hears nothing if
    /// the disk hangs.
    package func proveWriting(now: Now) async {
        let result = await write(now: now, .loop, touchesClock: true) { _ in }
        if case .failure(let error) = result, error.isOfStore { fault.yield(queueError(error)) }
    }
}

extension Store: Queue {
    package func restore(now: Now) async throws(QueueError) -> Restored {
        try mapped(await write(now: now, .loop, touchesClock: true) { try $0.restore() })
    }

    package func commit(_ writes: [Write], now: Now) async throws(QueueError) -> [WriteResult] {
        let whole = await write(now: now, .loop, touchesClock: true) { transaction in
            try writes.map { try transaction.perform($0) }
        }
        guard case .failure(let error) = whole, error.isOfOneWrite else { return try mapped(whole) }
        // Nothing is done yet. One write at a time costs a little more, and says which it is.
        return try mapped(
            await write(now: now, .loop, touchesClock: true) { transaction in
                try writes.map { try transaction.performAlone($0) }
            }
        )
    }
}
