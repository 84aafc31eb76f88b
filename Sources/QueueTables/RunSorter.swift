package import DeliveryCore

/// Hands out the accounts of a run in the order of their bytes, a slice at a time.
///
/// A slice is sorted when it is asked for, so that it can be sorted while the one before it is
/// written.
package struct RunSorter: Sendable {
    private let run: AccountRun
    /// How many bytes all accounts share at their start.
    private let commonCount: Int
    /// Indexes into the run, in order of the byte behind the common ones; those of groups that were
    /// reached are in the order of all their bytes.
    private var order: [UInt32]
    /// Where in the order those with the same byte lie.
    private let groups: [Range<Int>]
    private var sortedGroups = 0
    private var handedOut = 0

    /// The accounts at these places of a run; nil for all of them.
    package init(_ run: AccountRun, _ part: Range<Int>? = nil) {
        let part = part ?? 0..<run.count
        self.run = run
        let skipped = Self.commonPrefix(of: run, part)
        (order, groups) = unsafe run.borrowed { unsafe Self.grouped(part, $0, skipped) }
        commonCount = skipped
    }

    /// What all accounts begin with.
    var commonPrefix: [UInt8] {
        order.first.map { Array(run.bytes(at: Int($0)).prefix(commonCount)) } ?? []
    }

    /// The next accounts, at most so many; none at the end.
    package mutating func next(_ count: Int) -> SortedRun {
        let part = handedOut..<min(handedOut + count, order.count)
        handedOut = part.upperBound
        var entries: [Entry] = []
        while sortedGroups < groups.count, groups[sortedGroups].lowerBound < part.upperBound {
            sortGroup(groups[sortedGroups], &entries)
            sortedGroups += 1
        }
        return SortedRun(sorted: gathered(order[part]))
    }

    /// Puts a group in order; `entries` is memory that one group after another uses.
    private mutating func sortGroup(_ group: Range<Int>, _ entries: inout [Entry]) {
        guard group.count > 1 else { return }
        entries.removeAll(keepingCapacity: true)
        entries.reserveCapacity(group.count)
        unsafe run.borrowed { run in
            for index in order[group] {
                let key = unsafe run.key(of: Int(index), behind: commonCount + 1)
                entries.append(Entry(key: key, index: index))
            }
            Self.sort(&entries, 0..<entries.count, byte: 0) { lhs, rhs in
                if lhs.key != rhs.key { return lhs.key < rhs.key }
                return unsafe run.precedes(Int(lhs.index), Int(rhs.index))
            }
        }
        for (place, entry) in zip(group, entries) { order[place] = entry.index }
    }

    /// Accounts of the run, one behind the other.
    ///
    /// Each lies elsewhere in the run, out of every cache. A loop that only looks at them has the
    /// processor wait for many at once, where one that copies waits for each.
    private func gathered(_ places: ArraySlice<UInt32>) -> AccountRun {
        var accounts = AccountRun()
        unsafe run.borrowed { run in
            let size = places.reduce(0) { unsafe $0 + run.range(of: Int($1)).count }
            accounts.reserve(bytes: size, accounts: places.count)
            for some in places.indices.parts(of: Self.lookedAtTogether) {
                var seen: UInt8 = 0
                for place in places[some] { unsafe seen |= run[Int(place)][0] }
                precondition(seen != 0, "an account begins with a NUL")
                for place in places[some] { unsafe accounts.append(unsafe: run[Int(place)]) }
            }
        }
        return accounts
    }

    /// So many accounts surely fit the nearest cache.
    private static let lookedAtTogether = 100

    /// Eight bytes of an account as a number, and where the account is.
    ///
    /// Comparing numbers that lie in order in memory avoids most reads of the accounts themselves,
    /// each of which would miss the cache.
    private struct Entry {
        let key: UInt64
        let index: UInt32

        /// The byte of the key at a place, the most significant first.
        func byte(_ place: Int) -> Int { Int(truncatingIfNeeded: key >> (56 - 8 * place) & 0xFF) }
    }

    /// The places of a part in order of the byte behind the accounts' common start, and where those
    /// with the same byte lie.
    ///
    /// Keys are made for one of these groups at a time: for all of a run they would take as much
    /// memory as the run itself, and more than the processor's caches have.
    private static func grouped(
        _ part: Range<Int>,
        _ run: BorrowedRun,
        _ skipped: Int
    ) -> (order: [UInt32], groups: [Range<Int>]) {
        var counts = [Int](repeating: 0, count: 256)
        for index in part { unsafe counts[run.byte(skipped, of: index)] += 1 }
        var groups: [Range<Int>] = []
        var next: [Int] = []
        var total = 0
        for count in counts {
            next.append(total)
            if count > 0 { groups.append(total..<(total + count)) }
            total += count
        }
        var order = [UInt32](repeating: 0, count: part.count)
        for index in part {
            let byte = unsafe run.byte(skipped, of: index)
            order[next[byte]] = UInt32(index)
            next[byte] += 1
        }
        return (order, groups)
    }

    /// Sorts a part of the entries, whose keys agree in the bytes before a place.
    ///
    /// Many are grouped by that byte, again and again until few are left. The library's sort
    /// allocates half as much again; for one group after another that is next to nothing, so a run
    /// may be large.
    @inline(__always)
    private static func sort(
        _ entries: inout [Entry],
        _ part: Range<Int>,
        byte place: Int,
        by precedes: (Entry, Entry) -> Bool
    ) {
        var groups = [(part, place)]
        while let (part, place) = groups.popLast() {
            if part.count <= insertedEntries {
                insert(&entries, part, by: precedes)
            } else if part.count <= groupedEntries || place == MemoryLayout<UInt64>.size {
                entries[part].sort(by: precedes)
            } else {
                groups += gather(&entries, part, byte: place).map { ($0, place + 1) }
            }
        }
    }

    /// So few entries are in order soonest by insertion, and so many by grouping.
    private static let insertedEntries = 24
    private static let groupedEntries = 128

    @inline(__always)
    private static func insert(
        _ entries: inout [Entry],
        _ part: Range<Int>,
        by precedes: (Entry, Entry) -> Bool
    ) {
        for index in part.dropFirst() {
            let entry = entries[index]
            var place = index
            while place > part.lowerBound, precedes(entry, entries[place - 1]) {
                entries[place] = entries[place - 1]
                place -= 1
            }
            entries[place] = entry
        }
    }

    /// Groups a part of the entries by a byte of their keys, in order of that byte, in place;
    /// answers the groups.
    private static func gather(
        _ entries: inout [Entry],
        _ part: Range<Int>,
        byte place: Int
    ) -> [Range<Int>] {
        var counts = [Int](repeating: 0, count: 256)
        for index in part { counts[entries[index].byte(place)] += 1 }
        var ranges: [Range<Int>] = []
        var start = part.lowerBound
        for count in counts {
            ranges.append(start..<(start + count))
            start += count
        }
        var next = ranges.map(\.lowerBound)
        for bucket in ranges.indices {
            while next[bucket] < ranges[bucket].upperBound {
                let home = entries[next[bucket]].byte(place)
                if home != bucket { entries.swapAt(next[bucket], next[home]) }
                next[home] += 1
            }
        }
        return ranges
    }

    /// How many bytes all accounts share at their start: in keys they would be wasted.
    private static func commonPrefix(of run: AccountRun, _ part: Range<Int>) -> Int {
        guard let place = part.first else { return 0 }
        let first = Array(run.bytes(at: place))
        var common = first.count
        for index in part.dropFirst() {
            if common == 0 { break }
            let account = run.bytes(at: index)
            common = min(common, account.count)
            var shared = 0
            while shared < common, account[account.startIndex + shared] == first[shared] {
                shared += 1
            }
            common = shared
        }
        return common
    }
}
