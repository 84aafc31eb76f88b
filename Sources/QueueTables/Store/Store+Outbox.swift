package import DeliveryCore
package import DeliveryEngine
import Synchronization

/// The outbox on the queue's tables.
extension Store: Outbox {
    package func subscribe(_ subscriptions: [Subscription]) {
        self.subscriptions.withLock { $0 = subscriptions }
    }

    package func due(
        _ hook: HookKey,
        by time: Timestamp,
        limit: Int
    ) async throws(QueueError) -> DueEvents {
        try await read { connection in
            let found = try connection.first(sql.outbox.hook, .text(hook.digest)) { $0.int64(0) }
            guard let found else { return DueEvents(events: []) }
            let place: [Value] = [.int(found), .int(time.milliseconds)]
            let events = try connection.all(sql.outbox.due, place + [.int(limit)]) { row in
                StoredEvent(
                    id: row.int64(0),
                    uuid: row.text(1),
                    kind: try decoded(row.text(2)),
                    lane: row.bytes(3),
                    at: Timestamp(milliseconds: row.int64(4)),
                    attempts: row.int(5),
                    failingSince: row.timestamp(6),
                    body: row.bytes(7)
                )
            }
            let next = try connection.all(sql.outbox.nextDue, place) { $0.timestamp(0) }
            return DueEvents(events: events, nextAt: next.first ?? nil)
        }
    }

    package func record(
        _ results: [HookResult],
        now: Now
    ) async throws(QueueError) -> [HookKey: Int] {
        try mapped(await write(now: now) { try $0.record(results) })
    }

    package func forgetUnsubscribed(now: Now) async throws(QueueError) -> Bool {
        try mapped(
            await write(now: now, .bulk) { transaction in
                // Read in its turn: a reload may bring a hook back meanwhile.
                let kept = self.subscriptions.withLock { Set($0.map(\.hook.digest)) }
                return try transaction.forgetHooks(outside: kept)
            }
        )
    }

    package func backlogs() async throws(QueueError) -> [HookKey: HookBacklog] {
        let keys = subscriptions.withLock { $0.map(\.hook) }
        return try await read { connection in
            var backlogs: [HookKey: HookBacklog] = [:]
            for key in keys {
                let hook = try connection.first(sql.outbox.hook, .text(key.digest)) {
                    (id: $0.int64(0), count: $0.int(1))
                }
                guard let hook, hook.count > 0 else { continue }
                let oldest = try connection.first(sql.outbox.oldest, .int(hook.id), .int(1)) {
                    $0.timestamp(1)
                }
                backlogs[key] = HookBacklog(count: hook.count, oldestAt: oldest ?? nil)
            }
            return backlogs
        }
    }

    package var dropped: [HookKey: Int] { memory.withLock { $0.dropped } }
}
