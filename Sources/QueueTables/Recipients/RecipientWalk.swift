import DeliveryCore

/// A campaign's recipients in order.
///
/// A connection makes one such walk at a time.
struct RecipientWalk {
    private let campaign: Int64
    private let query: any PreparedStatement
    private let range: KeyRange
    /// How many blocks are asked for at a time: an engine may send them all at once.
    private let blocksAtOnce: Int
    private var blocksLeft: Int
    private var block: RecipientBlock?
    private var place = 0..<0
    /// Whether the walk has come to accounts of its range.
    private var hasBegun = false

    /// Makes a walk that will hardly be asked for more accounts than expected.
    init(
        _ connection: any Connection,
        of campaign: Int64,
        in range: KeyRange,
        expecting count: Int
    ) throws {
        self.campaign = campaign
        self.range = range
        // The first and the last block have accounts outside of the range.
        blocksAtOnce = min(count / RecipientBlock.usualCount + 2, Self.mostBlocks)
        query = try connection.statement(sql.recipient.blocks)
        blocksLeft = blocksAtOnce
        try ask(from: range.start)
    }

    /// An answer has a quarter of a megabyte at most.
    private static let mostBlocks = 128

    private mutating func ask(from account: [UInt8]) throws {
        try query.bind(.int(campaign), at: 1)
        try query.bind(.text(account), at: 2)
        try query.bind(.int(blocksAtOnce), at: 3)
        blocksLeft = blocksAtOnce
    }

    /// Goes to the next account, which `withAccount` lends; false at the end.
    mutating func advance() throws -> Bool {
        repeat {
            while let next = try block?.packed.range(behind: place.upperBound) {
                place = next
                if !hasBegun { hasBegun = isBehindStart() }
                if hasBegun { return range.upTo.map(isUpTo) ?? true }
            }
        } while try goToNextBlock()
        return false
    }

    private mutating func goToNextBlock() throws -> Bool {
        if blocksLeft == 0, let block {
            query.clear()
            try ask(from: block.last)
            // The same one comes again.
            guard try stepToBlock() else { return false }
        }
        guard try stepToBlock() else { return false }
        block = RecipientBlock(query)
        place = 0..<0
        return true
    }

    private mutating func stepToBlock() throws -> Bool {
        blocksLeft -= 1
        return try query.step()
    }

    /// Lends the account that the walk is at.
    @inline(__always)
    func withAccount<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        guard let block else { preconditionFailure("the walk hasn't begun") }
        return try unsafe block.packed.bytes.withUnsafeBytes {
            try unsafe body(UnsafeRawBufferPointer(rebasing: $0[place]))
        }
    }

    private func isBehindStart() -> Bool {
        unsafe withAccount { account in
            unsafe range.after.withUnsafeBytes { unsafe $0.precedes(account) }
                && range.from.withUnsafeBytes { unsafe !account.precedes($0) }
        }
    }

    private func isUpTo(_ last: [UInt8]) -> Bool {
        unsafe withAccount { account in
            unsafe last.withUnsafeBytes { unsafe !$0.precedes(account) }
        }
    }

    /// The account that the walk is at.
    var account: Account { unsafe Account(checked: withAccount { unsafe Array($0) }) }

    /// The next account; nil at the end.
    mutating func next() throws -> Account? { try advance() ? account : nil }

    func end() { query.clear() }
}
