/// The words for the causes that hold up all sending.
extension Explanation.Cause {
    init(_ obstacle: Obstacle, _ admission: Admission, triedAt: Instant?, _ now: Now) {
        switch obstacle {
        case .restoring:
            self.init(.restartHold, "the queue is being read: the daemon has just started")
        case .stopping:
            self.init(.stopping, "the daemon is stopping: calls that are out end, none goes out")
        case .halted(let reason):
            self.init(
                .serviceHalted,
                "the provider refused the credentials or the app (\(reason.words))",
                remedy: ServiceState.halted.remedy
            )
        case .renewing:
            self.init(.awaitingAnswers, "the credentials have expired and are being renewed")
        case .storeFailed(let fault):
            let next = triedAt.map { "in \(now.instant.duration(to: $0).words)" } ?? "now"
            self.init(
                .storeFailed,
                "nothing can be written to the store (\(fault.cause.text)); it is tried again"
                    + " \(next)",
                until: triedAt.map { now.timestamp(at: $0) },
                remedy: ServiceState.storeFailed.remedy
            )
        case .paused:
            self.init(
                .allPaused,
                "an operator paused all sending",
                remedy: ServiceState.paused.remedy
            )
        case .throttled(let until):
            let reason = admission.throttle.map { " (\($0.words))" } ?? ""
            self.init(
                .throttled,
                "the provider said to slow down\(reason): nothing goes out for"
                    + " \(now.instant.duration(to: until).words)",
                until: now.timestamp(at: until)
            )
        }
    }

    static func unreachable(_ health: ProviderHealth, _ now: Now) -> Self {
        let reason = health.trouble.map { " (\($0.words))" } ?? ""
        let until = health.triedAt(now: now.instant)
        let next: String
        if let until {
            let wait = now.instant.duration(to: until).words
            next = health.isAdmitting ? "one call is tried in \(wait)" : "it is asked in \(wait)"
        } else if health.isTrying {
            next = "one call is out to try"
        } else if health.isAdmitting {
            next = "it answers questions, and one call is tried next"
        } else {
            next = "it is being asked"
        }
        return Self(
            .unreachable,
            "the provider can't be reached\(reason): \(next)",
            until: until.map { now.timestamp(at: $0) },
            remedy: ServiceState.unreachable.remedy
        )
    }

    static func slowed(_ admission: Admission, _ now: Now) -> Self {
        let parts = admission.backoff.currentParts(now.instant)
        let reason = admission.throttle.map { " (\($0.words))" } ?? ""
        let end = admission.backoff.endsAt(now: now.instant)
        let rest = end.map { ", whole again in \(now.instant.duration(to: $0).words)" } ?? ""
        return Self(
            .throttled,
            "the provider said to slow down\(reason): \(parts) of \(ThrottleBackoff.whole) parts of"
                + " the quota are used\(rest)",
            until: end.map { now.timestamp(at: $0) }
        )
    }

    /// The quota's window has no room for an offer.
    static func window(
        _ admission: Admission,
        of limits: Limits,
        for offer: Offer,
        _ count: Int,
        until: Instant?,
        _ now: Now
    ) -> Self {
        let restored = admission.restoredHold(
            against: count,
            isFixed: offer.batch != nil,
            isNotice: offer.isNotice,
            now: now.instant
        )
        let kept = offer.isNotice ? 0 : admission.keptForNotices(now.instant)
        let held = "\(admission.ledger.held.grouped) of \(limits.messagesPerMinute.grouped)"
        let end = until.map { "in \(now.instant.duration(to: $0).words)" }
        let rest = kept > 0 ? ", \(kept.grouped) are kept for notices" : ""
        let before =
            restored > 0 ? ", \(restored.grouped) of them by calls from before the start" : ""
        return Self(
            restored > 0 ? .restartHold : .windowFull,
            "\(held) recipients in 60 s are used\(before)\(rest); room comes back"
                + " \(end ?? "a minute after calls that are out are answered")",
            until: until.map { now.timestamp(at: $0) }
        )
    }

    static func pace(_ count: Int, rate: Int, until: Instant, _ now: Now) -> Self {
        Self(
            .pace,
            "at \(rate.grouped) recipients a minute the next \(count.grouped) go in"
                + " \(now.instant.duration(to: until).words)",
            until: now.timestamp(at: until)
        )
    }

    static func callPace(_ limits: Limits, until: Instant, _ now: Now) -> Self {
        Self(
            .pace,
            "at \(limits.callsPerSecond.grouped) calls a second the next goes in"
                + " \(now.instant.duration(to: until).words)",
            until: now.timestamp(at: until)
        )
    }

    static func callsOut(_ count: Int, limit: Int) -> Self {
        Self(
            .callsOut,
            "\(count.grouped) calls are out, of \(limit.grouped) that may be at once",
            remedy: "where answers take long, raise maxInFlight in the configuration"
        )
    }

    static let provingCredentials = Self(
        .awaitingAnswers,
        "one call at a time goes out until the provider has taken the credentials"
    )

    static func accountLookUps(_ count: Int) -> Self {
        Self(
            .checking,
            "\(count.grouped) refused calls wait until their accounts have been looked up"
        )
    }

    // MARK: - What several campaigns wait for

    static func ownCaps(until: Instant, _ now: Now) -> Self {
        Self(
            .ownCap,
            "all campaigns with anything to send have used up their own messages_per_minute; the"
                + " first has room in \(now.instant.duration(to: until).words)",
            until: now.timestamp(at: until)
        )
    }

    /// Campaigns wait for their sending hours; without an end, since their zones aren't known.
    static func openings(_ count: Int, until: Timestamp?, _ now: Now) -> Self {
        let wait = count == 1 ? "campaign waits for its" : "campaigns wait for their"
        let end = until.map { "the first opens in \(now.timestamp.duration(to: $0).words)" }
        return Self(
            .outsideHours,
            "\(count.grouped) \(wait) sending hours;"
                + " \(end ?? "this machine doesn't know the time zone")",
            until: until
        )
    }

    static func backoffs(until: Timestamp, _ now: Now) -> Self {
        Self(
            .backoff,
            "all that is left waits for its next attempt; the first is due in"
                + " \(now.timestamp.duration(to: until).words)",
            until: until
        )
    }

    static func lookUps(until: Timestamp?, _ now: Now) -> Self {
        let start = until.map { "the first in \(now.timestamp.duration(to: $0).words)" }
        return Self(
            .verifying,
            "recipients of calls of unknown outcome are looked up in the history before anything"
                + " more is sent to them; \(start ?? "look-ups are being made")",
            until: until
        )
    }

    static func nextStart(_ time: Timestamp, _ now: Now) -> Self {
        Self(
            .scheduled,
            "no campaign has anything to send; the next one starts in"
                + " \(now.timestamp.duration(to: time).words)",
            until: time
        )
    }

    static let nothingToSend = Self(.none, "no campaign has anything to send")
}

extension Campaign.Reason {
    /// The reason as a part of a sentence.
    var words: String { code.map { "\($0): \(text)" } ?? text }
}
