import DeliveryCore

/// Which accounts of a draft exist.
extension Transaction {
    /// The `info` of a recipient whom a check has failed.
    private static let missingInfo = "checked, not imported: never addressed"

    /// Fails the recipients whose account doesn't exist; answers how many have which result.
    func recordCheck(
        _ results: [JobResult],
        _ row: JobRow,
        _ campaign: inout CampaignRow
    ) throws -> Job.Tally {
        // Up to the cursor all have their result.
        let accounts = results.lazy.map(\.account).filter { $0.bytes.isBehind(row.cursor) }
        var left: Set<Account> = []
        let list = Value.list(accounts)
        try connection.each(sql.recipient.ordinaryAmong, .int(campaign.key), list) {
            left.insert(Account(checked: $0.bytes(0)))
        }
        var tally = Job.Tally()
        var missing: [OwnState] = []
        for result in results where campaign.state == .draft {
            guard let account = left.remove(result.account) else { continue }
            switch result.verdict {
            case .present: tally[.present] += 1
            case .unclear: tally[.unclear] += 1
            case .missing:
                tally[.missing] += 1
                missing.append(
                    OwnState(account: account, state: .failed, attempts: 0, code: rules.missingCode)
                )
            case .deferred, .found, .absent, .refused, .recalled, .gone, .kept:
                preconditionFailure("no check comes to \(result.verdict)")
            }
        }
        try put(
            missing,
            of: campaign.key,
            in: campaign.generation,
            calls: CallList(),
            info: Self.missingInfo
        )
        if !missing.isEmpty { try count([rules.missingCode: missing.count], of: campaign) }
        campaign.fresh -= missing.count
        campaign.absent += missing.count
        campaign.move(missing.count, from: .queued, to: .failed)
        return tally
    }

    /// The next recipients of a draft after an account, as many as this transaction may still look
    /// at; whom a check has failed is passed over.
    mutating func walkDraft(
        _ stepped: inout JobStepped,
        _ walk: JobStep.Walk,
        _ row: JobRow
    ) throws {
        var last = walk.after?.bytes ?? row.cursor
        let query = try connection.query(
            sql.recipient.marked,
            .int(row.campaign),
            .text(last),
            .int(rowsLeft + 1)
        )
        defer { query.clear() }
        while try query.step() {
            guard rowsLeft > 0, stepped.walked.count < walk.limit else {
                stepped.next = Account(checked: last)
                return
            }
            rowsLeft -= 1
            last = query.bytes(0)
            if query.flag(1) { continue }
            stepped.walked.append(JobTarget(account: Account(checked: last), content: .account))
        }
    }
}
