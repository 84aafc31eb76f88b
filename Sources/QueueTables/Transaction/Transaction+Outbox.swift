import DeliveryCore
import DeliveryEngine

/// Events that hooks are told, written with what made them happen.
extension Transaction {
    /// Writes the events that were noted since the last write.
    mutating func writeEvents() throws {
        guard !noted.isEmpty else { return }
        let events = noted
        noted = []
        for event in events {
            // A campaign that is deleted in the same transaction has no more to tell.
            guard let row = try campaign(key: event.campaign) else { continue }
            try write(event.kind, of: row)
        }
    }

    /// Writes an event of a campaign as it is now.
    mutating func write(_ kind: EventKind, of row: CampaignRow) throws {
        guard outbox?.hooks(wanting: kind).isEmpty == false else { return }
        let campaign = row.campaign(
            message: CheckedMessage(json: [], packetOverhead: row.packetOverhead),
            failures: try connection.failures(of: row.key),
            jobs: try connection.jobs(of: row.key)
        )
        let event = HookEvent(kind: kind, at: now.timestamp, subject: .campaign(campaign))
        try write(event, in: row.id.bytes)
    }

    mutating func perform(_ event: ServiceEvent) throws -> WriteResult {
        let subject = HookEvent.Subject.service(event.quota)
        try write(HookEvent(kind: event.kind, at: event.at, subject: subject), in: [])
        return .done
    }

    private mutating func write(_ event: HookEvent, in lane: [UInt8]) throws {
        guard let outbox else { return }
        let hooks = outbox.hooks(wanting: event.kind)
        guard !hooks.isEmpty else { return }
        let id = try nextEvent()
        try connection.run(
            sql.outbox.insertEvent,
            .int(id),
            .text("\(Campaign.ID(at: event.at, using: &memory.eventRandom))"),
            .text(event.kind.rawValue),
            .blob(lane),
            .int(event.at.milliseconds),
            .text(outbox.render(event))
        )
        for hook in hooks {
            try makeRoom(for: hook, outbox.backlogLimit)
            try enqueue(id, of: lane, at: event.at, for: hook)
        }
        hasEvents = true
    }

    /// A number that no event has had since the process began: a late result must not find another
    /// one.
    private mutating func nextEvent() throws -> Int64 {
        let last = try memory.lastEvent ?? connection.first(sql.outbox.lastEvent) { $0.int64(0) }
        memory.lastEvent = (last ?? 0) + 1
        return (last ?? 0) + 1
    }

    private func enqueue(
        _ event: Int64,
        of lane: [UInt8],
        at time: Timestamp,
        for key: HookKey
    ) throws {
        let hook = try hook(key) ?? addHook(key)
        let waits =
            try connection.first(sql.outbox.hasOfLane, .int(hook), .blob(lane)) { _ in true }
            ?? false
        try connection.run(
            sql.outbox.enqueue,
            .int(hook),
            .int(event),
            .blob(lane),
            .int(time.milliseconds),
            waits ? .null : .int(now.timestamp.milliseconds)
        )
        try connection.run(sql.outbox.addToHook, .int(hook), .int(1))
    }

    /// Drops the oldest events of a hook that has as many as it may.
    private mutating func makeRoom(for key: HookKey, _ limit: Int) throws {
        let found = try connection.first(sql.outbox.hook, .text(key.digest)) {
            (id: $0.int64(0), backlog: $0.int(1))
        }
        guard let found, found.backlog >= limit else { return }
        let excess = Value.int(found.backlog - limit + 1)
        let oldest = try connection.all(sql.outbox.oldest, .int(found.id), excess) { $0.int64(0) }
        try remove(oldest, from: found.id)
        memory.dropped[key, default: 0] += oldest.count
    }

    private func addHook(_ key: HookKey) throws -> Int64 {
        let id = (try connection.first(sql.outbox.lastHook) { $0.int64(0) } ?? 0) + 1
        try connection.run(sql.outbox.insertHook, .int(id), .text(key.digest))
        return id
    }

    // MARK: What became of them

    /// Takes in results; answers how many events each hook's `expired` gave up.
    mutating func record(_ results: [HookResult]) throws -> [HookKey: Int] {
        var expired: [HookKey: Int] = [:]
        for result in results {
            switch result {
            case .removed(let key, let event):
                if let hook = try hook(key) { try remove([event], from: hook) }
            case .postponed(let key, let event, let attempts, let since, let dueAt):
                guard let hook = try hook(key) else { continue }
                try connection.run(
                    sql.outbox.postpone,
                    .int(hook),
                    .int(event),
                    .int(attempts),
                    .int(since.milliseconds),
                    .int(dueAt.milliseconds)
                )
            case .expired(let key, let time):
                guard let hook = try hook(key) else { continue }
                let step = Value.int(rowsPerStep)
                let aged = try connection.all(
                    sql.outbox.aged,
                    .int(hook),
                    .int(time.milliseconds),
                    step
                ) { $0.int64(0) }
                try remove(aged, from: hook)
                expired[key, default: 0] += aged.count
            }
        }
        return expired
    }

    private func hook(_ key: HookKey) throws -> Int64? {
        try connection.first(sql.outbox.hook, .text(key.digest)) { $0.int64(0) }
    }

    /// Removes events from a hook's backlog, and makes those due that waited for them.
    private func remove(_ events: [Int64], from hook: Int64) throws {
        guard !events.isEmpty else { return }
        let list = Value.list(events)
        let lanes = try connection.all(sql.outbox.lanes, .int(hook), list) { $0.bytes(0) }
        let count = try connection.run(sql.outbox.remove, .int(hook), list)
        for lane in lanes {
            try connection.run(
                sql.outbox.promote,
                .int(hook),
                .blob(lane),
                .int(now.timestamp.milliseconds)
            )
        }
        try connection.run(sql.outbox.deleteEvents, list)
        try connection.run(sql.outbox.addToHook, .int(hook), .int(-count))
    }

    /// One step of removing what hooks outside of these were to be told; false if nothing is left.
    func forgetHooks(outside kept: Set<String>) throws -> Bool {
        let hooks = try connection.all(sql.outbox.hooks) { ($0.int64(0), $0.text(1)) }
        guard let (hook, _) = hooks.first(where: { !kept.contains($0.1) }) else { return false }
        let some = try connection.all(sql.outbox.oldest, .int(hook), .int(rowsPerStep)) {
            $0.int64(0)
        }
        let list = Value.list(some)
        try connection.run(sql.outbox.remove, .int(hook), list)
        try connection.run(sql.outbox.deleteEvents, list)
        try connection.run(sql.outbox.addToHook, .int(hook), .int(-some.count))
        if some.count < rowsPerStep { try connection.run(sql.outbox.deleteHook, .int(hook)) }
        return true
    }
}
