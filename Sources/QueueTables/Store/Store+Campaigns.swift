package import DeliveryCore
package import DeliveryEngine
import Synchronization

/// Intake and look-ups.
extension Store {
    package func answer(
        to key: KeyedRequest.Key,
        now: Timestamp
    ) async throws(QueueError) -> KeyedAnswer? {
        try await read { try $0.answer(to: key, now: now) }
    }

    package func openIntake(_ id: Campaign.ID) async throws(IntakeError) {
        // Before the stream begins: a client must not send a million lines to a full disk.
        try refuseIntakeWhenShort()
        // The stream is counted before the state is read: a start that comes in between is refused,
        // and an earlier one is seen here.
        countIntake(of: id, by: 1)
        let result = await engine.write(.request) { connection in
            try connection.check()
            _ = try connection.draft(id)
        }
        do {
            try intakeMapped(result)
        } catch {
            countIntake(of: id, by: -1)
            throw error
        }
    }

    /// Needs no transaction, so it succeeds even if the file or its disk fails.
    package func closeIntake(_ id: Campaign.ID) async {
        countIntake(of: id, by: -1)
    }

    package func takesIn(_ id: Campaign.ID) async -> Bool {
        intakes.withLock { $0[id] != nil }
    }

    private func countIntake(of id: Campaign.ID, by change: Int) {
        intakes.withLock { intakes in
            let count = (intakes[id] ?? 0) + change
            intakes[id] = count > 0 ? count : nil
        }
    }

    package func take(
        _ run: AccountRun,
        into id: Campaign.ID,
        now: Now
    ) async throws(IntakeError) -> Taken {
        try refuseIntakeWhenShort()
        return try await take(run, now: now) { transaction, slice, _ in
            try transaction.take(slice, into: id)
        } mapped: { result throws(IntakeError) in
            try intakeMapped(result)
        } fault: { error in
            if case .queue(let fault) = error { fault } else { nil }
        }
    }

    package func campaign(_ id: Campaign.ID) async throws(QueueError) -> Campaign? {
        try await read { connection in
            try connection.campaign(id).map { try connection.whole($0) }
        }
    }

    package func campaigns(
        matching filter: CampaignFilter,
        before: Campaign.ID?,
        limit: Int
    ) async throws(QueueError) -> CampaignPage {
        try await read { connection in
            try CampaignSearch(connection: connection, filter: filter, limit: limit)
                .page(before: before)
        }
    }

    package func totals() async throws(QueueError) -> [Campaign.State: Int] {
        try await read { connection in
            let counts = try connection.all(sql.campaign.tally) {
                (try decoded($0.text(0)) as Campaign.State, $0.int(1))
            }
            return Dictionary(uniqueKeysWithValues: counts)
        }
    }

    package func traffic(
        since start: Timestamp,
        per length: TrafficStep.Length
    ) async throws(QueueError) -> [TrafficStep] {
        let statement =
            switch length {
            case .minute: sql.traffic.minutes
            case .hour: sql.traffic.hours
            }
        // The clock may have been ahead: the newest are shown, no more than are kept of any other.
        let limit = Traffic.reach.milliseconds / length.duration.milliseconds + 1
        let first = length.start(of: start).milliseconds
        return try await read { connection in
            try connection.all(statement, .int(first), .int(limit)) { TrafficStep($0) }.reversed()
        }
    }

    package func recipient(
        _ account: Account,
        of id: Campaign.ID
    ) async throws(QueueError) -> Recipient? {
        try await read { connection in
            guard let campaign = try connection.campaign(id) else { return nil }
            return try RecipientReader(campaign, connection).recipient(account)
        }
    }

    package func recipients(
        of id: Campaign.ID,
        matching filter: RecipientFilter,
        after: Account?,
        limit: Int
    ) async throws(QueueError) -> RecipientPage {
        try await read { connection in
            guard let campaign = try connection.campaign(id) else {
                return RecipientPage(recipients: [], next: nil)
            }
            let reader = try RecipientReader(campaign, connection)
            return try reader.page(matching: filter, after: after?.bytes ?? [], limit: limit)
        }
    }

    private func refuseIntakeWhenShort() throws(IntakeError) {
        do {
            try engine.refuseWhenShort()
        } catch {
            throw .queue(error)
        }
    }

    private func intakeMapped<T>(_ result: Result<T, any Error>) throws(IntakeError) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let error as IntakeError): throw error
        case .failure(let error): throw .queue(engine.queueError(error))
        }
    }
}
