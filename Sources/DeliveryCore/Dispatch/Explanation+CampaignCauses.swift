/// The words for the causes that hold up one campaign.
extension Explanation.Cause {
    static func draft(_ campaign: Campaign) -> Self {
        let total = campaign.counts.total
        return Self(
            .draft,
            "it takes recipients, \(total.grouped) so far, and hasn't been started",
            remedy: total > 0
                ? "fanoutd start \(campaign.id)"
                : "fanoutd add \(campaign.id), then fanoutd start \(campaign.id)"
        )
    }

    static let intakeOpen = Self(
        .intakeOpen,
        "a stream of recipients into it is open, and it can't be started before that has ended",
        remedy: "wait for the upload to end, or break it off"
    )

    static func scheduled(_ campaign: Campaign, _ now: Now) -> Self {
        let startAt = campaign.settings.startAt ?? now.timestamp
        return Self(
            .scheduled,
            "it starts in \(now.timestamp.duration(to: startAt).words)",
            until: startAt,
            remedy: "to start it sooner, change its start_at (PATCH /v1/campaigns/\(campaign.id))"
        )
    }

    /// Of a campaign that an operator or the provider stopped.
    static func stopped(_ campaign: Campaign) -> Self {
        let left = "\(campaign.counts.unfinished.grouped) recipients are left"
        let resume = "fanoutd resume \(campaign.id)"
        guard campaign.state == .halted else {
            return Self(.paused, "an operator paused it; \(left)", remedy: resume)
        }
        let reason = campaign.reason.map { " (\($0.words))" } ?? ""
        return Self(
            .halted,
            "its message can't be sent\(reason); \(left)",
            remedy: "mend what the reason names, then \(resume)"
        )
    }

    static func halting(_ campaign: Campaign) -> Self {
        Self(
            .halted,
            "its message was refused, and that it is halted is being written to the store",
            remedy: "see the reason once it is halted: fanoutd show \(campaign.id)"
        )
    }

    static func damaged(_ campaign: Campaign, _ text: String) -> Self {
        Self(
            .halted,
            "its rows in the store can't be used: \(text)",
            remedy: "mend what the text names, then fanoutd resume \(campaign.id)"
        )
    }

    static func over(_ campaign: Campaign) -> Self {
        let counts = campaign.counts
        let parts = [
            (counts.sent, "sent"), (counts.failed, "failed"), (counts.unknown, "unknown"),
            (counts.canceled, "canceled"), (counts.expired, "expired"),
            (counts.suppressed, "suppressed"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }
        let sum = words.isEmpty ? "" : ": \(words.joined(separator: ", "))"
        let mayRetry = campaign.state != .expired && counts.failed + counts.unknown > 0
        return Self(
            .over,
            "it is \(campaign.state.rawValue)\(sum)",
            remedy: mayRetry
                ? "to send to those that failed or are unknown again: fanoutd retry \(campaign.id)"
                : nil
        )
    }

    /// The campaign has recipients, and its sending hours are closed; without an end, since their zone
    /// isn't known.
    static func outsideHours(
        _ campaign: Campaign,
        _ hours: SendingHours,
        until: Timestamp?,
        _ now: Now
    ) -> Self {
        let patch = "send_between (PATCH /v1/campaigns/\(campaign.id); null is any time)"
        guard let until else {
            return Self(
                .outsideHours,
                "it is sent from \(hours.words) only, and this machine doesn't know that time zone",
                remedy: "install the time zone data (tzdata) and reload the daemon, or change its"
                    + " \(patch)"
            )
        }
        return Self(
            .outsideHours,
            "it is sent from \(hours.words) only, which is again in"
                + " \(now.timestamp.duration(to: until).words)",
            until: until,
            remedy: "to send sooner, change its \(patch)"
        )
    }

    static func ownCap(
        _ campaign: Campaign,
        _ ledger: WindowLedger,
        _ count: Int,
        until: Instant?,
        _ now: Now
    ) -> Self {
        let end = until.map { "in \(now.instant.duration(to: $0).words)" }
        return Self(
            .ownCap,
            "\(ledger.held.grouped) of its own \(ledger.limit.grouped) recipients in 60 s are used;"
                + " room comes back \(end ?? "a minute after calls that are out are answered")",
            until: until.map { now.timestamp(at: $0) },
            remedy: "raise its messages_per_minute (PATCH /v1/campaigns/\(campaign.id))"
        )
    }

    static func share(
        of id: Campaign.ID,
        _ rate: Int,
        quota: Int,
        turn: Campaign.ID?
    ) -> Self {
        let percent = rate * 100 / max(1, quota)
        let share = "its share is \(rate.grouped) of \(quota.grouped) recipients a minute"
        let turn = turn.map { "it is the turn of campaign \($0); " } ?? ""
        return Self(
            .share,
            "\(turn)\(share) (\(percent) %)",
            remedy: "raise its priority (PATCH /v1/campaigns/\(id)), or pause others"
        )
    }

    static func backoff(_ count: Int, until: Timestamp, _ now: Now) -> Self {
        Self(
            .backoff,
            "\(count.grouped) recipients wait for their next attempt; the first is due in"
                + " \(now.timestamp.duration(to: until).words)",
            until: until
        )
    }

    /// Recipients count as due since the wall clock was set, which nobody is told of.
    static func unplanned(_ count: Int, until: Timestamp, _ now: Now) -> Self {
        Self(
            .backoff,
            "\(count.grouped) recipients are due since the clock was set, which is noticed in"
                + " \(now.timestamp.duration(to: until).words)",
            until: until
        )
    }

    static func checking(batches: Int, _ count: Int) -> Self {
        Self(
            .checking,
            "\(count.grouped) recipients of \(batches.grouped) refused calls wait until their"
                + " accounts have been looked up"
        )
    }

    static func verifying(_ count: Int, _ limits: Limits, until: Timestamp?, _ now: Now) -> Self {
        let start = until.map { "the first in \(now.timestamp.duration(to: $0).words)" }
        return Self(
            .verifying,
            "\(count.grouped) recipients of calls of unknown outcome are looked up in the history,"
                + " \(limits.settleTime.words) after the call's end, before anything more is sent to"
                + " them; \(start ?? "look-ups are being made")",
            until: until
        )
    }

    static func job(_ job: Job, _ progress: JobProgress?, _ id: Campaign.ID) -> Self {
        let (kind, command): (Explanation.Kind, String) =
            switch job.kind {
            case .check: (.checking, "check")
            case .verify, .settle: (.verifying, "verify")
            case .recall: (.recalling, "recall")
            }
        let wait = progress?.waitsFor.map { ", and waits: \($0.text)" } ?? ""
        return Self(
            kind,
            "its \(command) runs, \(job.tally.done.grouped) of \(job.total.grouped) recipients"
                + " done\(wait)",
            until: progress?.eta,
            remedy: "to stop it: fanoutd \(command) \(id) --stop"
        )
    }

    static func awaitingAnswers(_ callsOut: Int) -> Self {
        Self(
            .awaitingAnswers,
            "\(callsOut.grouped) \(callsOut == 1 ? "call is" : "calls are") out, and nothing else is"
                + " in the way"
        )
    }

    static let beingWritten = Self(
        .awaitingAnswers,
        "a commit is being written to the store, and nothing else is in the way"
    )

    static let plannedNext = Self(.none, "nothing is in the way: a call is planned next")

    static let nothingLeft = Self(.none, "no recipient of it is left to send to now")
}
