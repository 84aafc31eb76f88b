import DeliveryCore
import DeliveryEngine

/// The list of accounts that must not be addressed.
extension Transaction {
    func suppress(_ account: Account, reason: String?) throws -> Suppression {
        let known = try connection.suppression(of: account)
        let new = Suppression(
            account: account,
            reason: reason,
            createdAt: known?.createdAt ?? now.timestamp
        )
        memory.suppressions.add(account)
        try connection.run(
            sql.suppression.put,
            .text(account.bytes),
            .optional(reason),
            .int(new.createdAt.milliseconds)
        )
        if known == nil { try connection.run(sql.suppression.add, .int(1)) }
        return new
    }

    /// Puts accounts on the list, behind which so many of their run are left; those that are on it
    /// stay as they are.
    func suppress(_ accounts: SortedRun, left: Int) throws -> Taken {
        memory.suppressions.add(accounts.accounts, following: left)
        let accepted = try accounts.insert(
            by: sql.suppression.insertion,
            .int(now.timestamp.milliseconds),
            connection
        )
        if accepted > 0 { try connection.run(sql.suppression.add, .int(accepted)) }
        return Taken(
            accepted: accepted,
            duplicates: accounts.accounts.count - accepted,
            total: try connection.suppressionCount()
        )
    }

    /// Builds the filter of an empty list, which takes in from then on what comes onto the list: no
    /// claim has to read all of that.
    func expectSuppressions() throws {
        if try connection.suppressionCount() == 0 { memory.suppressions.build(count: 0) { _ in } }
    }

    /// The filter goes on naming the account, which costs a question each time and nothing else.
    func unsuppress(_ account: Account) throws -> Bool {
        let removed = try connection.run(sql.suppression.delete, .text(account.bytes))
        if removed > 0 { try connection.run(sql.suppression.add, .int(-removed)) }
        return removed > 0
    }
}

/// What a claim does with accounts on the list.
extension Transaction {
    /// Those of some accounts that are on the list.
    ///
    /// Only claims build the filter, and the start where there is nothing to read: a transaction that
    /// takes somebody off the list may be rolled back, and the filter must not miss that account.
    func suppressed(among accounts: AccountRun) throws -> Set<Account> {
        let filter = memory.suppressions
        if !filter.isBuilt {
            try filter.build(count: try connection.suppressionCount()) { add in
                try connection.each(sql.suppression.accounts) { add($0.bytes(0)) }
            }
        }
        let candidates = filter.candidates(among: accounts)
        guard !candidates.isEmpty else { return [] }
        var found: Set<Account> = []
        try connection.each(sql.suppression.among, .list(candidates)) {
            found.insert(Account(checked: $0.bytes(0)))
        }
        return found
    }

    /// A recipient on the list whose turn has come.
    struct SuppressedRecipient {
        let account: Account
        /// Its status until now.
        let status: Recipient.Status
        /// The attempts that its batch has spent.
        var attempts = 0
        var code: Int?
        /// Whether an earlier call may have been accepted: then it ends as `unknown`.
        var isInDoubt = false
    }

    /// Ends recipients that are on the list, each with a row of its own.
    mutating func end(
        _ recipients: [SuppressedRecipient],
        calls: CallList = CallList(),
        _ campaign: inout CampaignRow
    ) throws {
        let (key, generation) = (campaign.key, campaign.generation)
        let states = recipients.map { recipient in
            OwnState(
                account: recipient.account,
                state: recipient.isInDoubt ? .unknown : .suppressed,
                attempts: recipient.attempts,
                code: recipient.isInDoubt ? recipient.code : nil,
                isMaybeAccepted: recipient.isInDoubt
            )
        }
        try put(
            states.filter { $0.state == .suppressed },
            of: key,
            in: generation,
            calls: calls,
            info: Self.suppressedInfo
        )
        try put(
            states.filter { $0.state == .unknown },
            of: key,
            in: generation,
            calls: calls,
            info: Self.suppressedInDoubtInfo
        )
        for (recipient, state) in zip(recipients, states) {
            campaign.move(1, from: recipient.status, to: state.state.status)
        }
    }

    private static let suppressedInfo = "on the suppression list when its turn came"
    private static let suppressedInDoubtInfo =
        "\(suppressedInfo); \(maybeAcceptedInfo)"
}

extension Connection {
    func suppression(of account: Account) throws -> Suppression? {
        try first(sql.suppression.one, .text(account.bytes)) { Suppression($0) }
    }

    /// A page of the list in the order of the accounts' bytes.
    func suppressions(after account: Account?, limit: Int) throws -> SuppressionPage {
        let start = Value.text(account?.bytes ?? [])
        var found = try all(sql.suppression.after, start, .int(limit + 1)) { Suppression($0) }
        let hasMore = found.count > limit
        if hasMore { found.removeLast() }
        return SuppressionPage(suppressions: found, next: hasMore ? found.last?.account : nil)
    }

    func suppressionCount() throws -> Int { try first(sql.suppression.count) { $0.int(0) } ?? 0 }
}

extension Suppression {
    /// Reads a row, in the order of `SuppressionStatements`.
    fileprivate init(_ row: any Row) {
        self.init(
            account: Account(checked: row.bytes(0)),
            reason: row.optionalText(1),
            createdAt: Timestamp(milliseconds: row.int64(2))
        )
    }
}
