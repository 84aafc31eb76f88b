import CFaultyDisk
import QueueFixtures

/// A folder on a disk that loses its power and fails on command, removed with the value.
final class FaultyDisk: Sendable {
    let files = TemporaryFiles()
    private let number: CInt

    init(seed: UInt64 = 1) { number = unsafe faulty_disk_insert(files.directory, seed) }

    deinit { faulty_disk_remove(number) }

    /// Where the store lies.
    var path: String { files.path("a") }

    var operationCount: Int { Int(faulty_disk_operations(number)) }
    var failureCount: Int { Int(faulty_disk_failures(number)) }

    /// What becomes of what wasn't synced.
    enum Cut: CInt, CaseIterable {
        case none, all, some, torn
    }

    enum Trouble: CInt, CaseIterable {
        case full, io
    }

    /// Lets the nth operation from now on fail, and with `lasting` all later ones too.
    func fail(_ nth: Int = 1, _ trouble: Trouble, lasting: Bool = false) {
        faulty_disk_fail(number, Int64(nth), trouble.rawValue, lasting ? 1 : 0)
    }

    func recover() { faulty_disk_fail(number, 0, 0, 0) }

    /// Lets syncs succeed without making anything durable.
    func lie() { faulty_disk_lie(number, 1) }

    /// Cuts the power before every so many operations, by turns in each way.
    func cut(every operations: Int) { faulty_disk_cut_every(number, Int64(operations)) }

    func cut(_ cut: Cut) { faulty_disk_cut(number, cut.rawValue) }

    /// The disk as it is found after the earliest cut that wasn't looked at; nil if there is none.
    ///
    /// The lock's file, which isn't SQLite's, is found as it is now, or not at all.
    func afterCut(withLock: Bool = true) -> FaultyDisk? {
        let found = FaultyDisk()
        guard unsafe faulty_disk_unload(number, found.files.directory) == 1 else { return nil }
        if withLock, let lock = files.contents(path + ".lock") {
            found.files.store(lock, at: found.path + ".lock")
        }
        return found
    }
}

extension TemporaryFiles {
    /// Copies a store's file alone onto a disk of its own, where it gets the name of its store.
    func copy(_ name: String, into disk: FaultyDisk) {
        if let bytes = contents(path(name)) { disk.files.store(bytes, at: disk.path) }
    }
}
