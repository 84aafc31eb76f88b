import DeliveryCore

extension SortedRun {
    /// Inserts those that the campaign doesn't have; answers how many were new.
    @discardableResult
    func insert(into campaign: Int64, _ connection: any Connection) throws -> Int {
        var insertion = BlockInsertion(campaign: campaign, connection: connection)
        return try unsafe accounts.borrowed { try unsafe insertion.insert($0) }
    }
}

/// Puts accounts, which come in order, into the blocks of a campaign.
private struct BlockInsertion {
    let campaign: Int64
    let connection: any Connection
    private var inserted = 0
    /// The last accounts and all accounts of blocks that are to be inserted.
    private var waiting: [Value] = []

    init(campaign: Int64, connection: any Connection) {
        self.campaign = campaign
        self.connection = connection
    }

    mutating func insert(_ run: BorrowedRun) throws -> Int {
        // Most runs come behind all that is there.
        var tail = try block(sql.recipient.lastBlock)
        var place = 0
        while let last = tail?.last, unsafe place < run.count, unsafe run[place].isUpTo(last) {
            let first = unsafe Array(run[place])
            guard let block = try block(sql.recipient.blockHolding, .text(first)) else {
                throw DamagedRow("recipients out of order")
            }
            var end = place + 1
            while unsafe end < run.count, unsafe run[end].isUpTo(block.last) { end += 1 }
            try unsafe merge(run, place..<end, into: block)
            place = end
        }
        if unsafe place < run.count {
            // It may have got some of them.
            if place > 0 { tail = try block(sql.recipient.lastBlock) }
            try unsafe append(run, from: place, behind: tail)
        }
        try insertWaiting()
        return inserted
    }

    private func block(_ statement: StatementText, _ values: Value...) throws -> RecipientBlock? {
        let row = try connection.all(statement, [.int(campaign)] + values) { RecipientBlock($0) }
        return row.first
    }

    // MARK: Behind the last block

    /// Fills the last block, and makes others, with accounts that come behind all there are.
    private mutating func append(
        _ run: BorrowedRun,
        from place: Int,
        behind tail: RecipientBlock?
    ) throws {
        var packed = PackedAccounts()
        // The block that is filled up, until it is written.
        var extended: RecipientBlock?
        if let tail, unsafe tail.packed.hasRoom(for: run[place]) {
            packed = tail.packed
            extended = tail
        }
        var previous = place
        for place in unsafe place..<run.count {
            if place > previous, unsafe !run.precedes(previous, place) { continue }
            if unsafe !packed.hasRoom(for: run[place]) {
                try write(packed.bytes, last: unsafe Array(run[previous]), over: extended)
                packed.removeAll()
                extended = nil
            }
            unsafe packed.append(unsafe: run[place])
            inserted += 1
            previous = place
        }
        try write(packed.bytes, last: unsafe Array(run[previous]), over: extended)
    }

    // MARK: Into a block

    /// Merges accounts into a block whose last one comes behind them, or is the last of them.
    private mutating func merge(
        _ run: BorrowedRun,
        _ places: Range<Int>,
        into block: RecipientBlock
    ) throws {
        let (merged, count) = unsafe try block.packed.merged(with: run, places)
        guard count > 0 else { return }
        inserted += count
        // Pieces of one size: the next ones that come may belong into any of them.
        let size = merged.bytes.count
        let pieces = (size + RecipientBlock.fullSize - 1) / RecipientBlock.fullSize
        var start = 0
        var place = 0
        while let range = try merged.range(behind: place) {
            place = range.upperBound
            guard place - start >= size / pieces, place < size else { continue }
            let last = merged.account(at: range)
            try write(Array(merged.bytes[start..<place]), last: last, over: nil)
            start = place
        }
        try write(Array(merged.bytes[start...]), last: block.last, over: block)
    }

    // MARK: Writing

    /// Writes accounts as a new block or over another.
    private mutating func write(
        _ packed: [UInt8],
        last: [UInt8],
        over block: RecipientBlock?
    ) throws {
        let (key, accounts) = (Value.int(campaign), Value.blob(packed))
        guard let block else {
            waiting += [.text(last), accounts]
            if waiting.count == 2 * sql.recipient.insertions[0].count { try insertWaiting() }
            return
        }
        if block.last == last {
            try connection.run(sql.recipient.replace, key, .text(last), accounts)
        } else {
            try connection.run(sql.recipient.extend, key, .text(block.last), .text(last), accounts)
        }
    }

    private mutating func insertWaiting() throws {
        var rest = waiting[...]
        for insertion in sql.recipient.insertions {
            while rest.count >= 2 * insertion.count {
                let rows = rest.prefix(2 * insertion.count)
                try connection.run(insertion.statement, [.int(campaign)] + rows)
                rest = rest.dropFirst(rows.count)
            }
        }
        waiting.removeAll()
    }
}

extension UnsafeRawBufferPointer {
    /// Whether they come before another account's bytes, or are the same.
    fileprivate func isUpTo(_ last: [UInt8]) -> Bool {
        unsafe last.withUnsafeBytes { unsafe !$0.precedes(self) }
    }
}

extension PackedAccounts {
    fileprivate func hasRoom(for account: UnsafeRawBufferPointer) -> Bool {
        bytes.count + Self.size(account.count) <= RecipientBlock.fullSize
    }

    /// These and some of a run in one order, and how many of those are new.
    fileprivate func merged(
        with run: BorrowedRun,
        _ places: Range<Int>
    ) throws -> (packed: PackedAccounts, count: Int) {
        var merged = PackedAccounts()
        var count = 0
        var place = places.lowerBound
        var own = try range(behind: 0)
        try unsafe bytes.withUnsafeBytes { bytes in
            while place < places.upperBound {
                let account = unsafe run[place]
                if let range = own {
                    let present = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
                    if unsafe !account.precedes(present) {
                        // The same one is there already, and may come again.
                        if unsafe !present.precedes(account) {
                            place += 1
                            continue
                        }
                        unsafe merged.append(unsafe: present)
                        own = try self.range(behind: range.upperBound)
                        continue
                    }
                }
                place += 1
                if place - 1 > places.lowerBound, unsafe !run.precedes(place - 2, place - 1) {
                    continue
                }
                unsafe merged.append(unsafe: account)
                count += 1
            }
            if let range = own {
                let rest = range.lowerBound - 1
                unsafe merged.append(packed: UnsafeRawBufferPointer(rebasing: bytes[rest...]))
            }
        }
        return (merged, count)
    }
}
