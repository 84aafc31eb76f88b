package import DeliveryCore
import Glibc

/// A run of accounts, or a part of it, with the order of their bytes.
///
/// Rows in random order touch a page of the table each; sorted neighbours share one, which makes
/// large runs ten times faster than rows written as they come.
package struct SortedRun: Sendable {
    let run: AccountRun
    /// Indexes into the run, in the order of the accounts' bytes.
    package let order: [UInt32]

    /// Sorts the accounts at these places of a run; nil for all of them.
    package init(_ run: AccountRun, _ part: Range<Int>? = nil) {
        self.run = run
        order = Self.sorted(run, part ?? 0..<run.count)
    }

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

    private static func sorted(_ run: AccountRun, _ part: Range<Int>) -> [UInt32] {
        let skipped = commonPrefix(of: run, part)
        return unsafe run.bytes.withUnsafeBytes { bytes in
            unsafe run.ends.withUnsafeBufferPointer { ends in
                let groups: [Range<Int>]
                var order: [UInt32]
                (order, groups) = unsafe grouped(part, bytes, ends, skipped)
                var entries: [Entry] = []
                for group in groups where group.count > 1 {
                    entries.removeAll(keepingCapacity: true)
                    entries.reserveCapacity(group.count)
                    for index in order[group] {
                        let place = Int(index)
                        let start = unsafe place == 0 ? 0 : Int(ends[place - 1])
                        let key = unsafe key(bytes, from: start + skipped + 1, to: Int(ends[place]))
                        entries.append(Entry(key: key, index: index))
                    }
                    sort(&entries, 0..<entries.count, byte: 0) { lhs, rhs in
                        if lhs.key != rhs.key { return lhs.key < rhs.key }
                        return unsafe precedes(Int(lhs.index), Int(rhs.index), bytes, ends)
                    }
                    for (place, entry) in zip(group, entries) { order[place] = entry.index }
                }
                return order
            }
        }
    }

    /// The places of a part in order of the byte behind the accounts' common start, and where those
    /// with the same byte lie.
    ///
    /// Keys are made for one of these groups at a time: for all of a run they would take as much
    /// memory as the run itself, and more than the processor's caches have.
    private static func grouped(
        _ part: Range<Int>,
        _ bytes: UnsafeRawBufferPointer,
        _ ends: UnsafeBufferPointer<UInt32>,
        _ skipped: Int
    ) -> (order: [UInt32], groups: [Range<Int>]) {
        var counts = [Int](repeating: 0, count: 256)
        let first = unsafe part.lowerBound == 0 ? 0 : Int(ends[part.lowerBound - 1])
        var start = first
        for index in part {
            let end = unsafe Int(ends[index])
            unsafe counts[leading(bytes, from: start + skipped, to: end)] += 1
            start = end
        }
        var groups: [Range<Int>] = []
        var next: [Int] = []
        var total = 0
        for count in counts {
            next.append(total)
            if count > 0 { groups.append(total..<(total + count)) }
            total += count
        }
        var order = [UInt32](repeating: 0, count: part.count)
        start = first
        for index in part {
            let end = unsafe Int(ends[index])
            let byte = unsafe leading(bytes, from: start + skipped, to: end)
            order[next[byte]] = UInt32(index)
            next[byte] += 1
            start = end
        }
        return (order, groups)
    }

    @inline(__always)
    private static func leading(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        to end: Int
    ) -> Int { unsafe start < end ? Int(bytes[start]) : 0 }

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
    private static let groupedEntries = 1_024

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

    /// Up to eight bytes, the first one the most significant; missing ones count as zero, which no
    /// account contains.
    private static func key(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> UInt64
    {
        if start + 8 <= end {
            return unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self).bigEndian
        }
        var key: UInt64 = 0
        for offset in start..<(start + 8) {
            key = unsafe key << 8 | (offset < end ? UInt64(bytes[offset]) : 0)
        }
        return key
    }

    private static func precedes(
        _ lhs: Int,
        _ rhs: Int,
        _ bytes: UnsafeRawBufferPointer,
        _ ends: UnsafeBufferPointer<UInt32>
    ) -> Bool {
        let left = unsafe slice(lhs, bytes, ends)
        let right = unsafe slice(rhs, bytes, ends)
        guard let leftStart = left.baseAddress, let rightStart = right.baseAddress
        else { return left.count < right.count }
        let order = unsafe memcmp(leftStart, rightStart, min(left.count, right.count))
        return order == 0 ? left.count < right.count : order < 0
    }

    private static func slice(
        _ index: Int,
        _ bytes: UnsafeRawBufferPointer,
        _ ends: UnsafeBufferPointer<UInt32>
    ) -> UnsafeRawBufferPointer {
        let start = unsafe index == 0 ? 0 : Int(ends[index - 1])
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<Int(ends[index])])
    }
}

extension SortedRun {
    /// How many different accounts there are.
    var distinctCount: Int {
        unsafe run.bytes.withUnsafeBytes { bytes in
            unsafe run.ends.withUnsafeBufferPointer { ends in
                let rises = zip(order, order.dropFirst()).count { lower, upper in
                    unsafe Self.precedes(Int(lower), Int(upper), bytes, ends)
                }
                return order.isEmpty ? 0 : rises + 1
            }
        }
    }

    /// Inserts a part of the run without accounts that the campaign has; answers how many were new.
    func insert(
        _ part: Range<Int>,
        into campaign: Int64,
        _ connection: any Connection
    ) throws -> Int {
        try insert(part, by: sql.recipient.insertion, .int(campaign), connection)
    }

    /// Inserts rows of a part of the run that aren't there, with a value that all of them share;
    /// answers how many were new.
    func insert(
        _ part: Range<Int>,
        by insertion: RowInsertion,
        _ shared: Value,
        _ connection: any Connection
    ) throws -> Int {
        // Found once: the text of a hundred rows takes longer to look up than a row to insert.
        let many = try connection.statement(insertion.many)
        let one = try connection.statement(insertion.one)
        let isArray = connection.bindsArrays
        let rowsAtOnce = isArray ? RowInsertion.rowsPerArray : RowInsertion.rowsPerStatement
        var rows = AccountRun()
        var inserted = 0
        var index = part.lowerBound
        while index < part.upperBound {
            let left = part.upperBound - index
            let takesMany = isArray || left >= RowInsertion.rowsPerStatement
            let count = takesMany ? min(left, rowsAtOnce) : 1
            gather(order[index..<(index + count)], into: &rows)
            try insert(rows, by: takesMany ? many : one, shared)
            inserted += connection.changedRows
            index += count
        }
        return inserted
    }

    /// Puts neighbours of the order one behind the other.
    ///
    /// Each lies elsewhere in the run, out of every cache. A loop that only looks at them has the
    /// processor wait for many at once, where one that copies waits for each.
    private func gather(_ places: ArraySlice<UInt32>, into rows: inout AccountRun) {
        rows.removeAll()
        unsafe run.bytes.withUnsafeBytes { bytes in
            unsafe run.ends.withUnsafeBufferPointer { ends in
                var seen: UInt8 = 0
                for place in places {
                    let start = unsafe place == 0 ? 0 : Int(ends[Int(place) - 1])
                    seen |= unsafe bytes[start]
                }
                precondition(seen != 0, "an account begins with a NUL")
                for place in places {
                    unsafe rows.append(unsafe: Self.slice(Int(place), bytes, ends))
                }
            }
        }
    }

    /// Inserts all accounts of a run with one statement, which borrows their bytes meanwhile.
    private func insert(
        _ rows: AccountRun,
        by statement: any PreparedStatement,
        _ shared: Value
    ) throws {
        try unsafe rows.bytes.withUnsafeBytes { bytes in
            try unsafe rows.ends.withUnsafeBufferPointer { ends in
                defer { statement.clear() }
                var accounts: [UnsafeRawBufferPointer] = unsafe []
                unsafe accounts.reserveCapacity(rows.count)
                for row in rows.indices {
                    unsafe accounts.append(Self.slice(row, bytes, ends))
                }
                try statement.bind(shared, at: 1)
                try unsafe statement.bind(borrowed: accounts, from: 2)
                _ = try statement.step()
            }
        }
    }
}
