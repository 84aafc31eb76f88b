/// Many checked accounts in one piece of memory, as intake gathers them and a call addresses them.
///
/// One array of bytes and one of offsets: a million 16-byte accounts take 20 MB, where a million
/// `Account` values would take 64 and a million allocations. Taking an element makes such a value;
/// what looks at every account asks for its bytes.
package struct AccountRun: Sendable, Hashable {
    /// All accounts' bytes, one behind the other.
    package private(set) var bytes: [UInt8] = []
    /// Where each account ends in `bytes`.
    package private(set) var ends: [UInt32] = []

    package init() {}

    package init(_ accounts: some Sequence<Account>) {
        for account in accounts { append(account.bytes) }
    }

    /// The run's bytes in memory, counted against the budget that streams share.
    package var footprint: Int { bytes.count + 4 * ends.count }

    /// Adds an account whose bytes were checked.
    package mutating func append(_ account: some Collection<UInt8>) {
        bytes.append(contentsOf: account)
        ends.append(UInt32(bytes.count))
    }

    /// Adds an account whose bytes were checked, straight from a buffer.
    ///
    /// Intake calls this a million times a second, where a generic append is too slow.
    package mutating func append(unsafe account: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: account)
        ends.append(UInt32(bytes.count))
    }

    package mutating func reserve(bytes byteCount: Int, accounts: Int) {
        bytes.reserveCapacity(byteCount)
        ends.reserveCapacity(accounts)
    }

    package mutating func append(_ other: AccountRun) {
        let start = UInt32(bytes.count)
        bytes += other.bytes
        ends += other.ends.lazy.map { start + $0 }
    }

    package mutating func removeLast() {
        ends.removeLast()
        bytes.removeSubrange(Int(ends.last ?? 0)...)
    }

    /// Drops the accounts and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Where the account at an index is in `bytes`.
    package func range(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    /// The bytes of the account at an index, as a slice of `bytes`.
    package func bytes(at index: Int) -> ArraySlice<UInt8> { bytes[range(at: index)] }
}

extension AccountRun: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { ends.count }
    // Loops ask for them with each account, and those of any collection count its indices.
    package var count: Int { ends.count }
    package var isEmpty: Bool { ends.isEmpty }
    package subscript(index: Int) -> Account { Account(checked: Array(bytes(at: index))) }
}
