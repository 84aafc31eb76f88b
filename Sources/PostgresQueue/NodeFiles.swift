import DeliveryCore
import Glibc
import Platform
import Synchronization
import SystemPackage

/// What a node keeps in its state directory: a lock, since one process at a time is this node, its
/// name among all nodes, and the highest mark that it saw.
///
/// A database that was restored from a backup, or taken over by a server that lacked the last
/// commits, is known by a lower mark: its ledger lacks calls made since.
final class NodeFiles: Sendable {
    private let lock: FileDescriptor
    private let file: FileDescriptor
    /// Names this node in the row of the lease, and no other: two may have one name by mistake.
    let holder: String
    private let identity: String
    private let state: Mutex<State>

    private struct State: Sendable {
        var highest: LeaseMark?
        var syncedAt: Instant?
        /// Whether the database was found behind the highest mark, and no window was held since.
        var isBehind = false
        var wentBack = 0
    }

    /// How often the mark is made durable: after a crash a slightly older one serves as well.
    private static let syncInterval: Duration = .seconds(10)

    init(_ options: PostgresOptions) throws(PostgresError) {
        let name = String(
            options.schema.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        )
        let base = "\(options.stateDirectory)/fanoutd-\(name)"
        lock = try Self.open(base + ".lock")
        guard lock.tryLock() else {
            let lines = Self.words(in: lock)
            lock.closeQuietly()
            throw .stateLocked(path: base + ".lock", processID: lines.first.flatMap { Int($0) })
        }
        do throws(PostgresError) {
            file = try Self.open(base + ".mark")
        } catch {
            lock.closeQuietly()
            throw error
        }
        Self.write("\(getpid())\n", to: lock)
        let words = Self.words(in: file)
        let numbers = words.compactMap { Int64($0) }
        identity = words.count > 2 ? words[2] : RandomText.hexadecimal(bits: 64)
        holder = "\(options.node) \(identity)"
        let highest = numbers.count >= 2 ? LeaseMark(epoch: numbers[0], beat: numbers[1]) : nil
        state = Mutex(State(highest: highest))
    }

    deinit {
        lock.unlock()
        lock.closeQuietly()
        file.closeQuietly()
    }

    /// How often the database was found to have gone back.
    var wentBack: Int { state.withLock { $0.wentBack } }

    /// Whether the ledger lacks calls: the database went back, and no window was held since.
    var lacksCalls: Bool { state.withLock { $0.isBehind } }

    /// Takes note of a mark; true if the database has gone back, said once.
    @discardableResult
    func saw(_ mark: LeaseMark) -> Bool {
        state.withLock { state in
            if let highest = state.highest, mark < highest {
                defer { state.isBehind = true }
                if !state.isBehind { state.wentBack += 1 }
                return !state.isBehind
            }
            // Until a window is held the old mark stays, in case this process ends before.
            guard !state.isBehind, mark != state.highest else { return false }
            keep(mark, &state)
            return false
        }
    }

    /// A full window is held: from now on the database counts as it is.
    func heldWindow(at mark: LeaseMark) {
        state.withLock { state in
            state.isBehind = false
            state.syncedAt = nil
            keep(mark, &state)
        }
    }

    private func keep(_ mark: LeaseMark, _ state: inout State) {
        let isNewEpoch = mark.epoch != state.highest?.epoch
        state.highest = mark
        // Always as long: a shorter text would leave a part of the one before.
        Self.write("\(mark.epoch.padded) \(mark.beat.padded) \(identity)\n", to: file)
        let now = BootClock.now()
        let isDue = state.syncedAt.map { $0.duration(to: now) >= Self.syncInterval } ?? true
        guard isDue || isNewEpoch else { return }
        state.syncedAt = now
        do {
            try file.sync()
        } catch {
            // The mark is a little older then, if the machine fails.
        }
    }

    // MARK: Files

    private static func open(_ path: String) throws(PostgresError) -> FileDescriptor {
        do {
            return try .open(
                FilePath(path),
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
        } catch {
            throw .stateFailed(path: path, detail: "\(error)")
        }
    }

    private static func write(_ text: String, to file: FileDescriptor) {
        do {
            try file.writeAll(toAbsoluteOffset: 0, Array(text.utf8))
        } catch {
            // A full disk, most likely: the lock holds, and an older mark serves nearly as well.
        }
    }

    private static func words(in file: FileDescriptor) -> [String] {
        do {
            return try file.read(upTo: 128).split { $0 <= 0x20 }.map {
                String(decoding: $0, as: UTF8.self)
            }
        } catch {
            return []
        }
    }
}

extension Int64 {
    /// With zeros before it, as long as the longest.
    fileprivate var padded: String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, 19 - digits.count)) + digits
    }
}
