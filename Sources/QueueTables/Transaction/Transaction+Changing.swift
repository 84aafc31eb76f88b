import DeliveryCore
import DeliveryEngine

extension Transaction {
    typealias Change = Result<WriteResult.Change, ChangeRefusal>

    mutating func change(_ id: Campaign.ID, _ transition: Campaign.Transition) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        if transition == .resume, let refusal = try refusalWhileRecalling(campaign) {
            return .failure(refusal)
        }
        let startsLater = campaign.startsLater(than: now.timestamp)
        switch campaign.state.step(transition, startsLater: startsLater) {
        case .refused: return .failure(.wrongState(campaign.state))
        case .stays: return .success(try changed(campaign))
        case .to(let state):
            if transition == .start, let refusal = try refusalToStart(campaign) {
                return .failure(refusal)
            }
            var closed: [Batch.ID] = []
            campaign.state = state
            campaign.reason = nil
            if case .halt(let reason) = transition { campaign.reason = reason }
            if state == .running, campaign.startedAt == nil { campaign.startedAt = now.timestamp }
            // Of a draft that goes, nobody needs to know who is there.
            if state == .canceled { try stopRunning(.check, of: campaign) }
            if state == .canceled { closed = try terminate(&campaign, .canceled) }
            if state == .expired { closed = try terminate(&campaign, .expired) }
            campaign.finish(at: now.timestamp)
            update(campaign)
            return .success(try changed(campaign, closed: closed))
        }
    }

    private func refusalToStart(_ campaign: CampaignRow) throws -> ChangeRefusal? {
        if let running = try connection.runningJob(of: campaign.key) { return .jobRunning(running) }
        if intakes[campaign.id] != nil { return .intakeOpen }
        if campaign.counts.total == 0 { return .emptyDraft }
        return campaign.isPastExpiry(at: now.timestamp) ? .expired : nil
    }

    mutating func changed(
        _ campaign: CampaignRow,
        requeued: Int = 0,
        next: RetryPosition? = nil,
        closed: [Batch.ID] = []
    ) throws -> WriteResult.Change {
        WriteResult.Change(
            campaign: campaign.campaign(
                message: try message(of: campaign),
                failures: try connection.failures(of: campaign.key),
                jobs: try connection.jobs(of: campaign.key)
            ),
            work: try connection.work(campaign),
            requeued: requeued,
            next: next,
            closed: closed,
            isClosing: try isClosing(campaign)
        )
    }

    func isClosing(_ campaign: CampaignRow) throws -> Bool {
        guard campaign.state.isFinal else { return false }
        return try connection.closing(of: campaign.key) != nil
    }

    // MARK: Settings

    mutating func change(_ id: Campaign.ID, _ patch: CampaignPatch) throws -> Change {
        guard var campaign = try campaign(id) else { return .failure(.notFound) }
        var settings = campaign.settings
        if let priority = patch.priority { settings.priority = priority }
        if let limit = patch.messagesPerMinute { settings.messagesPerMinute = limit }
        if let hours = patch.sendBetween { settings.sendBetween = hours }
        if let startAt = patch.startAt {
            guard campaign.startedAt == nil, !campaign.state.isFinal else {
                return .failure(.wrongState(campaign.state))
            }
            settings.startAt = startAt
        }
        if let expiresAt = patch.expiresAt {
            if let expiresAt, expiresAt <= now.timestamp {
                let detail = "expires_at is past: give a time ahead, or null for none"
                return .failure(.invalid(field: "expires_at", detail: detail))
            }
            settings.expiresAt = expiresAt
        }
        if let startAt = settings.startAt, let expiresAt = settings.expiresAt, startAt >= expiresAt
        {
            let field = patch.startAt == nil ? "expires_at" : "start_at"
            let detail = "expires_at must lie after start_at"
            return .failure(.invalid(field: field, detail: detail))
        }
        if let name = patch.name { campaign.name = name }
        campaign.settings = settings
        update(campaign)
        // With start_at moved into the past, or away, a scheduled campaign begins at once.
        return patch.startAt == nil ? .success(try changed(campaign)) : try change(id, .begin)
    }

    // MARK: The service

    func perform(_ record: ServiceRecord) throws -> WriteResult {
        try connection.run(
            sql.service.setRecord,
            .flag(record.isPaused),
            .optional(record.halt?.reason.code),
            .optional(record.halt?.reason.text),
            .optional(record.halt?.fingerprint)
        )
        return .done
    }
}
