import DeliveryCore
import Glibc

/// The memory of a run of accounts, for loops that look at all of them; it must not outlive
/// `AccountRun.borrowed`.
@unsafe struct BorrowedRun {
    private let bytes: UnsafeRawBufferPointer
    private let ends: UnsafeBufferPointer<UInt32>

    /// How many accounts there are.
    var count: Int { unsafe ends.count }

    fileprivate init(_ bytes: UnsafeRawBufferPointer, _ ends: UnsafeBufferPointer<UInt32>) {
        unsafe self.bytes = bytes
        unsafe self.ends = ends
    }

    /// Where the account at a place is in the run's bytes.
    func range(of place: Int) -> Range<Int> {
        unsafe (place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])
    }

    /// The bytes of the account at a place.
    subscript(place: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[range(of: place)])
    }

    /// Whether the account at one place comes before the one at another.
    func precedes(_ lhs: Int, _ rhs: Int) -> Bool { unsafe self[lhs].precedes(self[rhs]) }

    /// The byte of the account at a place behind so many others; 0, which no account contains, where
    /// it has none.
    @inline(__always)
    func byte(_ skipped: Int, of place: Int) -> Int {
        let range = unsafe range(of: place)
        return unsafe skipped < range.count ? Int(bytes[range.lowerBound + skipped]) : 0
    }

    /// Eight bytes of the account at a place behind so many others.
    func key(of place: Int, behind skipped: Int) -> UInt64 {
        unsafe self[place].key(behind: skipped)
    }
}

/// The bytes of one account.
extension UnsafeRawBufferPointer {
    /// Whether they come before another's in the order of bytes.
    func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let start = baseAddress, let otherStart = other.baseAddress
        else { return count < other.count }
        let order = unsafe memcmp(start, otherStart, Swift.min(count, other.count))
        return order == 0 ? count < other.count : order < 0
    }

    /// Eight of them behind so many others, the first one the most significant; missing ones count
    /// as 0.
    func key(behind skipped: Int) -> UInt64 {
        if skipped + 8 <= count {
            return unsafe loadUnaligned(fromByteOffset: skipped, as: UInt64.self).bigEndian
        }
        var key: UInt64 = 0
        for offset in skipped..<(skipped + 8) {
            key = unsafe key << 8 | (offset < count ? UInt64(self[offset]) : 0)
        }
        return key
    }
}

extension AccountRun {
    func borrowed<T>(_ body: (BorrowedRun) throws -> T) rethrows -> T {
        try unsafe bytes.withUnsafeBytes { bytes in
            try unsafe ends.withUnsafeBufferPointer { ends in
                try unsafe body(BorrowedRun(bytes, ends))
            }
        }
    }
}
