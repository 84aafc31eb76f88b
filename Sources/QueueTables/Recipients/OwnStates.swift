/// Which recipients have a state of their own; they are asked for in order.
struct OwnStates {
    private let campaign: Int64
    private let query: any PreparedStatement
    private var upcoming: [UInt8]?
    private var rowsLeft: Int

    /// Rows that are asked for at a time.
    private static let rowsAtOnce = 512

    init(_ connection: any Connection, of campaign: Int64, in range: KeyRange) throws {
        self.campaign = campaign
        query = try connection.statement(sql.state.accountsFrom)
        rowsLeft = 0
        try ask(from: range.start)
    }

    private mutating func ask(from account: [UInt8]) throws {
        query.clear()
        try query.bind(.int(campaign), at: 1)
        try query.bind(.text(account), at: 2)
        try query.bind(.int(Self.rowsAtOnce), at: 3)
        rowsLeft = Self.rowsAtOnce
        try advance()
    }

    private mutating func advance() throws {
        if rowsLeft == 0, let last = upcoming { return try ask(from: last) }
        rowsLeft -= 1
        upcoming = try query.step() ? query.bytes(0) : nil
    }

    /// Whether the account that a walk is at has one.
    mutating func hasCurrent(of walk: RecipientWalk) throws -> Bool {
        while let own = upcoming {
            let (isPassed, isSame) = unsafe walk.withAccount { account in
                unsafe own.withUnsafeBytes { own in
                    let isPassed = unsafe own.precedes(account)
                    return unsafe (isPassed, !isPassed && !account.precedes(own))
                }
            }
            guard isPassed else { return isSame }
            try advance()
        }
        return false
    }

    func end() { query.clear() }
}
