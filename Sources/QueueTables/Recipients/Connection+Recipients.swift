import DeliveryCore

extension Connection {
    /// Recipients of a range, in order; where they are ordinary ones, without those that have a
    /// state of their own.
    func recipients(
        of campaign: Int64,
        in range: KeyRange,
        areOrdinary: Bool,
        limit: Int = .max
    ) throws -> [Account] {
        var walk = try RecipientWalk(self, of: campaign, in: range, expecting: limit)
        defer { walk.end() }
        var states = areOrdinary ? try OwnStates(self, of: campaign, in: range) : nil
        defer { states?.end() }
        var found: [Account] = []
        while found.count < limit, try walk.advance() {
            if try states?.hasCurrent(of: walk) == true { continue }
            found.append(walk.account)
        }
        return found
    }

    /// Those of some accounts, which lie near each other, that are recipients; where they are
    /// ordinary ones, without those that have a state of their own.
    func recipients(
        of campaign: Int64,
        among accounts: some Sequence<Account>,
        areOrdinary: Bool
    ) throws -> Set<Account> {
        var sought = accounts.sorted()[...]
        guard let first = sought.first, let last = sought.last else { return [] }
        let range = KeyRange(from: first.bytes, upTo: last.bytes)
        var walk = try RecipientWalk(self, of: campaign, in: range, expecting: Self.usualSpan)
        defer { walk.end() }
        var found: Set<Account> = []
        while !sought.isEmpty, try walk.advance() {
            sought = sought.drop { $0 < walk.account }
            if let account = sought.first, account == walk.account { found.insert(account) }
        }
        guard areOrdinary, !found.isEmpty else { return found }
        try each(sql.state.histories, .int(campaign), .list(found)) {
            found.remove(Account(checked: $0.bytes(0)))
        }
        return found
    }

    /// Recipients that lie between accounts of one call.
    private static var usualSpan: Int { 500 }
}
