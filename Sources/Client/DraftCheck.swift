package import Platform

/// The check between filling a draft and starting it: whether too many of its accounts don't exist.
package struct DraftCheck: Sendable {
    private let check: JobRequest
    /// The share of the draft that may be missing, in percent.
    private let limit: Double

    package init(client: DaemonClient, id: String, limit: Double) {
        check = JobRequest(client: client, id: id, kind: .check)
        self.limit = limit
    }

    /// Checks the draft and fails if more are missing than may be; the draft stays.
    package func pass() async throws(CommandFailure) {
        var loop = RetryLoop(isKnown: true)
        do throws(CommandFailure) {
            _ = try await loop.run { () throws(CommandFailure) in try await check.start() }
        } catch {
            // An earlier submit with the same key, or a request whose answer was lost, may have come
            // so far: that check goes on or is done.
            let draft = try await check.client.campaign(check.id)
            guard error.code == .refused, let job = draft.job(.check) else { throw error }
            guard job.isGoing || job.state == "completed" else { throw error }
        }
        let (job, draft) = try await check.follow()
        try Self.judge(job, of: draft, limit: limit)
    }

    /// Tells what was found, and fails where the check has no end or too many are missing.
    package static func judge(
        _ job: JobView,
        of draft: CampaignView,
        limit: Double
    ) throws(CommandFailure) {
        let stays = "The draft \(draft.id) stays, and nothing was sent"
        guard job.state == "completed" else {
            let reason = job.reason.map { ": \($0)" } ?? ""
            throw CommandFailure(
                .incomplete,
                "the check is \(job.state)\(reason)\n\(stays); go on with: fanoutd check \(draft.id)"
            )
        }
        // Nobody else fails before the start, and what an earlier check found counts as well.
        let missing = draft.count(.failed)
        let share = draft.total > 0 ? Double(missing) * 100 / Double(draft.total) : 0
        let found = "\(missing.grouped) of \(draft.total.grouped) don't exist (\(percent(share)))"
        // Whole numbers are compared exactly, which a quotient may miss by a little.
        guard Double(missing) * 100 > limit * Double(draft.total) else {
            let unclear = job.results.first { $0.name == "unclear" }?.count ?? 0
            let rest = unclear > 0 ? ", \(unclear.grouped) couldn't be checked" : ""
            return StandardError.writeLine("checked: \(found)\(rest)")
        }
        throw CommandFailure(
            .incomplete,
            """
            \(found), and --max-missing is \(percent(limit))
            \(stays)
              see who:             fanoutd export \(draft.id) --status failed
              send to the others:  fanoutd start \(draft.id)
              or remove it:        fanoutd delete \(draft.id)
            """
        )
    }

    /// A share with as many digits as it takes to see it.
    private static func percent(_ share: Double) -> String {
        if share == share.rounded() { return "\(Int(share)) %" }
        let hundredths = max(1, Int((share * 100).rounded()))
        let digits = "\(hundredths % 100)"
        return "\(hundredths / 100).\(digits.count == 1 ? "0" : "")\(digits) %"
    }
}
