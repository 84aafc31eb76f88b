import DeliveryCore
import DeliveryEngine
import JSON

/// Shows campaigns as JSON, with the dispatcher's figures and the provider's words.
struct CampaignEncoder: Sendable {
    let deliveries: any Deliveries
    let rules: any MessageRules

    /// Writes the campaign; without its message, which may have 12 KB, `message` is null.
    func write(_ campaign: Campaign, hasMessage: Bool = true, to text: inout JSONText) {
        let progress = deliveries.progress(of: campaign)
        Self.write(campaign, progress, rules, hasMessage: hasMessage, to: &text)
    }

    /// Writes the campaign; without the dispatcher's figures those are left out.
    static func write(
        _ campaign: Campaign,
        _ progress: CampaignProgress?,
        _ rules: any MessageRules,
        hasMessage: Bool,
        to text: inout JSONText
    ) {
        text.object {
            $0.field("id", campaign.id.description)
            $0.field("name", campaign.name)
            $0.field("state", campaign.state.rawValue)
            $0.field("reason") { $0.reason(campaign.reason) }
            $0.field("priority", campaign.settings.priority.rawValue)
            $0.field("on_unknown", campaign.settings.onUnknown.rawValue)
            $0.field("messages_per_minute", campaign.settings.messagesPerMinute)
            $0.field("created_at", campaign.createdAt)
            $0.field("start_at", campaign.settings.startAt)
            $0.field("expires_at", campaign.settings.expiresAt)
            $0.field("send_between") { $0.sendingHours(campaign.settings.sendBetween) }
            $0.field("started_at", campaign.startedAt)
            $0.field("finished_at", campaign.finishedAt)
            $0.field("message", json: hasMessage ? campaign.message.json : Array("null".utf8))
            $0.object("counts") { $0.counts(campaign.counts) }
            $0.field("resent", campaign.resent)
            $0.objects("failures", of: campaign.failures) { write($1, rules, to: &$0) }
            if let progress {
                $0.field("messages_last_minute", progress.messagesLastMinute)
                $0.field("eta", progress.eta)
            }
            for kind in Job.Kind.requested {
                let job = campaign.jobs.first { $0.kind == kind }
                $0.field(named: kind.rawValue) { $0.job(job, progress: progress?.jobs[kind]) }
            }
        }
    }

    func bytes(_ campaign: Campaign, hasMessage: Bool = true) -> [UInt8] {
        JSONText { write(campaign, hasMessage: hasMessage, to: &$0) }.bytes
    }

    private static func write(
        _ failure: Campaign.Failure,
        _ rules: any MessageRules,
        to text: inout JSONText
    ) {
        text.field("code", failure.code)
        text.field("count", failure.count)
        text.field("text", rules.describe(code: failure.code))
        text.field("may_pass", rules.mayPass(code: failure.code))
    }
}
