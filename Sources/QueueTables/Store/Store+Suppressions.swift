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
        return try await take(SortedSlices(of: run), now: now) { transaction, slice, left in
            try transaction.suppress(slice, left: left)
        } mapped: { result throws(QueueError) in
            try mapped(result)
        } fault: {
            $0
        }
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
