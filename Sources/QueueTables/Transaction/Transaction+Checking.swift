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
        var left = try connection.recipients(
            of: campaign.key,
            among: accounts,
            areOrdinary: true
        )
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
        let range = KeyRange(after: last)
        let expected = min(walk.limit, rowsLeft)
        var recipients = try RecipientWalk(
            connection,
            of: row.campaign,
            in: range,
            expecting: expected
        )
        defer { recipients.end() }
        var checked = try OwnStates(connection, of: row.campaign, in: range)
        defer { checked.end() }
        while let account = try recipients.next() {
            guard rowsLeft > 0, stepped.walked.count < walk.limit else {
                stepped.next = Account(checked: last)
                return
            }
            rowsLeft -= 1
            last = account.bytes
            if try checked.hasCurrent(of: recipients) { continue }
            stepped.walked.append(JobTarget(account: Account(checked: last), content: .account))
        }
    }
}
