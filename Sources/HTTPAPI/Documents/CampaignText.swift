import DeliveryCore
import DeliveryEngine
import JSON

extension JSONText {
    mutating func time(_ time: Timestamp?) {
        if let time { string(time.rfc3339) } else { null() }
    }

    mutating func optionalNumber(_ number: Int?) {
        if let number { self.number(number) } else { null() }
    }

    mutating func optionalString(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    mutating func reason(_ reason: Campaign.Reason?) {
        guard let reason else { return null() }
        beginObject()
        name("code")
        optionalNumber(reason.code)
        name("text")
        string(reason.text)
        endObject()
    }

    /// A campaign, as the contract shows it.
    mutating func campaign(_ campaign: Campaign, progress: CampaignProgress) {
        beginObject()
        name("id")
        string(campaign.id.description)
        name("name")
        string(campaign.name)
        name("state")
        string(campaign.state.rawValue)
        name("reason")
        reason(campaign.reason)
        settings(campaign.settings)
        name("created_at")
        time(campaign.createdAt)
        name("start_at")
        time(campaign.settings.startAt)
        name("expires_at")
        time(campaign.settings.expiresAt)
        name("started_at")
        time(campaign.startedAt)
        name("finished_at")
        time(campaign.finishedAt)
        name("message")
        raw(campaign.message.json)
        name("counts")
        counts(campaign.counts)
        name("resent")
        number(campaign.resent)
        name("failures")
        failures(campaign.failures)
        name("messages_last_minute")
        number(progress.messagesLastMinute)
        name("eta")
        time(progress.eta)
        endObject()
    }

    private mutating func settings(_ settings: Campaign.Settings) {
        name("priority")
        string(settings.priority.rawValue)
        name("on_unknown")
        string(settings.onUnknown.rawValue)
        name("messages_per_minute")
        optionalNumber(settings.messagesPerMinute)
    }

    private mutating func counts(_ counts: Counts) {
        beginObject()
        let rows = [
            ("total", counts.total), ("queued", counts.queued), ("sending", counts.sending),
            ("retrying", counts.retrying), ("sent", counts.sent), ("failed", counts.failed),
            ("unknown", counts.unknown), ("canceled", counts.canceled),
            ("expired", counts.expired),
        ]
        for (label, count) in rows {
            name(label)
            number(count)
        }
        endObject()
    }

    private mutating func failures(_ failures: [Campaign.Failure]) {
        beginArray()
        for failure in failures {
            beginObject()
            name("code")
            number(failure.code)
            name("count")
            number(failure.count)
            endObject()
        }
        endArray()
    }

    /// Where the quota stands, as `GET /v1/quota` shows it.
    mutating func quota(_ status: QuotaStatus) {
        beginObject()
        name("messages_per_minute")
        number(status.messagesPerMinute)
        name("window_used")
        number(status.windowUsed)
        name("next_call_at")
        time(status.nextCallAt)
        name("calls_per_second")
        number(status.callsPerSecond)
        name("state")
        string(status.state.rawValue)
        name("reason")
        reason(status.reason)
        name("in_flight")
        number(status.inFlight)
        name("config_error")
        optionalString(status.configError)
        endObject()
    }

    /// What came of a stream of recipients.
    mutating func summary(_ summary: IntakeSummary) {
        beginObject()
        name("accepted")
        number(summary.accepted)
        name("duplicates")
        number(summary.duplicates)
        name("invalid")
        number(summary.invalid.count)
        name("invalid_examples")
        beginArray()
        for example in summary.invalid.examples {
            beginObject()
            name("line")
            number(example.line)
            name("reason")
            string(example.reason)
            endObject()
        }
        endArray()
        name("total")
        number(summary.total)
        endObject()
    }
}
