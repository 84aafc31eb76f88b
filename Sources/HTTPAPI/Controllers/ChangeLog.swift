package import DeliveryCore

/// Campaigns in the order in which they changed, and how far each reader has come.
///
/// A reader that comes late finds a campaign once, however often it changed: of each only the last
/// entry is kept for long, so a slow reader costs no more memory than a fast one.
package struct ChangeLog: Sendable {
    private var entries: [Campaign.ID] = []
    /// The index of each campaign's last entry.
    private var last: [Campaign.ID: Int] = [:]
    /// The index of the first entry that each reader hasn't read.
    private var readers: [Reader: Int] = [:]
    private var count = 0

    package init() {}

    package struct Reader: Sendable, Hashable {
        fileprivate let number: Int
    }

    package var isUnread: Bool { readers.isEmpty }
    /// What it holds in memory, in entries.
    package var size: Int { entries.count }

    package mutating func join() -> Reader {
        count += 1
        readers[Reader(number: count)] = entries.count
        return Reader(number: count)
    }

    package mutating func leave(_ reader: Reader) { readers[reader] = nil }

    package mutating func append(_ id: Campaign.ID) {
        last[id] = entries.count
        entries.append(id)
        if entries.count > 64 + 2 * last.count { compact() }
    }

    /// What a reader hasn't read, each campaign once, the oldest first.
    package mutating func read(_ reader: Reader) -> [Campaign.ID] {
        guard let start = readers[reader], start < entries.count else { return [] }
        readers[reader] = entries.count
        let changed = Set(entries[start...]).sorted()
        if readers.values.allSatisfy({ $0 == entries.count }) { forget() }
        return changed
    }

    /// All readers have read all entries.
    private mutating func forget() {
        entries.removeAll(keepingCapacity: true)
        last.removeAll(keepingCapacity: true)
        for reader in readers.keys { readers[reader] = 0 }
    }

    /// Drops what all have read, and entries that a later one of the same campaign stands for.
    private mutating func compact() {
        let start = readers.values.min() ?? entries.count
        var kept: [Campaign.ID] = []
        // How many are kept before each entry, and before the end.
        var moved: [Int] = []
        for (index, id) in entries.enumerated() {
            moved.append(kept.count)
            if index >= start, last[id] == index { kept.append(id) }
        }
        moved.append(kept.count)
        readers = readers.mapValues { moved[$0] }
        entries = kept
        last = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    }
}
