package import DeliveryCore
package import DeliveryEngine

/// The list of accounts that must not be addressed.
extension Store {
    package func suppress(
        _ account: Account,
        reason: String?,
        now: Now
    ) async throws(QueueError) -> Suppression {
        try engine.refuseWhenShort()
        return try mapped(
            await write(now: now) { try $0.suppress(account, reason: reason) }
        )
    }

    package func suppress(_ run: AccountRun, now: Now) async throws(QueueError) -> Taken {
        try engine.refuseWhenShort()
        let sorted = await sorted(run)
        var taken = Taken(accepted: 0, duplicates: 0, total: 0)
        var start = 0
        // Runs once for an empty run too, whose answer says how many the list has.
        repeat {
            let part = start..<min(start + CommitSize.slice, run.count)
            let result = await write(now: now, .bulk) { try $0.suppress(sorted, part) }
            let step: Taken
            do throws(QueueError) {
                step = try mapped(result)
            } catch {
                // The transactions before are durable, and the client must learn of them.
                guard start > 0 else { throw error }
                taken.fault = error
                return taken
            }
            taken.accepted += step.accepted
            taken.duplicates += step.duplicates
            taken.total = step.total
            start = part.upperBound
        } while start < run.count
        return taken
    }

    package func unsuppress(_ account: Account, now: Now) async throws(QueueError) -> Bool {
        try mapped(await write(now: now) { try $0.unsuppress(account) })
    }

    package func suppression(of account: Account) async throws(QueueError) -> Suppression? {
        try await read { try $0.suppression(of: account) }
    }

    package func suppressions(
        after account: Account?,
        limit: Int
    ) async throws(QueueError) -> SuppressionPage {
        try await read { try $0.suppressions(after: account, limit: limit) }
    }
}
