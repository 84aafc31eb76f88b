import DeliveryCore
import DeliveryEngine
import Synchronization

/// An in-memory model of the suppression list.
final class FakeSuppressions: Suppressions {
    struct State {
        var list: [Account: Suppression] = [:]
        var runSizes: [Int] = []
        var queueError: QueueError?
        /// Ends every run as if the store had failed behind it.
        var faultAfterRun: QueueError?
        /// The failure of every page but the first.
        var laterPageError: QueueError?
        /// The sizes of pages that were asked for.
        var limits: [Int] = []
    }

    let state = Mutex(State())

    private func check() throws(QueueError) {
        if let error = state.withLock({ $0.queueError }) { throw error }
    }

    func suppress(
        _ account: Account,
        reason: String?,
        now: Now
    ) async throws(QueueError) -> Suppression {
        try check()
        return state.withLock { state in
            var entry =
                state.list[account] ?? Suppression(account: account, createdAt: now.timestamp)
            entry.reason = reason
            state.list[account] = entry
            return entry
        }
    }

    func suppress(_ run: AccountRun, now: Now) async throws(QueueError) -> Taken {
        try check()
        return state.withLock { state in
            if !run.isEmpty { state.runSizes.append(run.count) }
            var taken = Taken(accepted: 0, duplicates: 0, total: 0)
            for index in 0..<run.count {
                let account = run[index]
                if state.list[account] == nil {
                    state.list[account] = Suppression(account: account, createdAt: now.timestamp)
                    taken.accepted += 1
                } else {
                    taken.duplicates += 1
                }
            }
            taken.total = state.list.count
            taken.fault = state.faultAfterRun
            return taken
        }
    }

    func unsuppress(_ account: Account, now: Now) async throws(QueueError) -> Bool {
        try check()
        return state.withLock { $0.list.removeValue(forKey: account) != nil }
    }

    func suppression(of account: Account) async throws(QueueError) -> Suppression? {
        try check()
        return state.withLock { $0.list[account] }
    }

    func suppressions(
        after account: Account?,
        limit: Int
    ) async throws(QueueError) -> SuppressionPage {
        try check()
        if account != nil, let error = state.withLock({ $0.laterPageError }) { throw error }
        return state.withLock { state in
            state.limits.append(limit)
            let rest = state.list.values
                .filter { entry in account.map { $0 < entry.account } ?? true }
                .sorted { $0.account < $1.account }
            let page = Array(rest.prefix(limit))
            return SuppressionPage(
                suppressions: page,
                next: page.count < rest.count ? page.last?.account : nil
            )
        }
    }
}
