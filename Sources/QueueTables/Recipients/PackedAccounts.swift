import DeliveryCore

/// Accounts in one column of a row: of each its length, in a byte, and then its bytes.
struct PackedAccounts: Sendable {
    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    init(_ accounts: some Sequence<Account>) {
        bytes = accounts.flatMap { [UInt8($0.bytes.count)] + $0.bytes }
    }

    /// Where the account behind a place is, 0 or the end of another; nil at the end of all.
    @inline(__always)
    func range(behind place: Int) throws -> Range<Int>? {
        guard place < bytes.count else { return nil }
        let start = place + 1
        let end = start + Int(bytes[place])
        guard start < end, end <= bytes.count else {
            throw DamagedRow("a list of accounts that breaks off")
        }
        return start..<end
    }

    func account(at range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

    func accounts() throws -> [Account] {
        var accounts: [Account] = []
        var place = 0
        while let range = try range(behind: place) {
            accounts.append(Account(checked: account(at: range)))
            place = range.upperBound
        }
        return accounts
    }

    /// The room of an account of so many bytes.
    static func size(_ count: Int) -> Int { 1 + count }

    mutating func append(unsafe account: UnsafeRawBufferPointer) {
        bytes.append(UInt8(account.count))
        unsafe bytes.append(contentsOf: account)
    }

    /// Adds accounts that are packed already.
    mutating func append(packed accounts: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: accounts)
    }

    /// Drops the accounts and keeps the memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
