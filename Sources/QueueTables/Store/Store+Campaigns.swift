package import DeliveryCore
package import DeliveryEngine

/// Look-ups.
extension Store {
    package func answer(
        to key: KeyedRequest.Key,
        now: Timestamp
    ) async throws(QueueError) -> KeyedAnswer? {
        try await read { try $0.answer(to: key, now: now) }
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
}
