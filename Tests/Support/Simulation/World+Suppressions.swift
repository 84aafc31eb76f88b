package import DeliveryCore
import DeliveryEngine
import QueueTables

extension World {
    /// Puts accounts on the list of those that must not be addressed.
    package mutating func suppress(_ accounts: [Account]) async throws {
        let known = accounts.count { record.list.accounts.contains($0) }
        let taken = try await store.suppress(AccountRun(accounts), now: now)
        record.list.put(accounts)
        let total = record.list.accounts.count
        if taken.duplicates != known || taken.total != total {
            record.violated("\(taken) of a list that has \(total)")
        }
    }

    /// Takes an account off that list.
    mutating func unsuppress(_ account: Account) async throws {
        let wasThere = try await store.unsuppress(account, now: now)
        if wasThere != record.list.accounts.contains(account) {
            record.violated("\(account.text) is taken off the list: \(wasThere)")
        }
        record.list.remove(account)
    }

    /// Operators keep the list while campaigns run, and put back whom it has stopped.
    mutating func keepList() async throws {
        guard faults.hasSuppressions, takesRequests else { return }
        let id = campaigns[Int.random(in: 0..<campaigns.count, using: &random)]
        let accounts = promises.accounts(of: id)
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<2: try await suppress(accounts.filter { _ in chance(8) })
        case 2..<4:
            guard let one = accounts.randomElement(using: &random) else { return }
            _ = try await store.suppress(one, reason: "asked for it", now: now)
            record.list.put([one])
        case 4..<6:
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let listed = record.list.accounts.sorted()
                guard let one = listed.randomElement(using: &random) else { return }
                try await unsuppress(one)
            }
        case 6:
            ask(.retry(id, RetryFilter(failed: chance(2), unknown: chance(2), suppressed: true)))
        default: break
        }
        // Durable, and the process may be gone before a claim asks about it.
        _ = crashesNow()
    }
}
