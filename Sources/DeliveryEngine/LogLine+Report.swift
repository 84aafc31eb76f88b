import DeliveryCore
import Logging

extension LogLine {
    /// One line for an event of a campaign, or for a call that wasn't accepted whole; it names no
    /// account.
    init(_ report: Dispatcher.Report) {
        switch report {
        case .campaign(let id, let state, let reason):
            self.init(
                state == .halted ? .warning : .info,
                "Campaign \(state.rawValue)",
                Self.metadata(reason, ["campaign": "\(id)"])
            )
        case .call(_, let campaign, let count, let outcome):
            self.init(
                .warning,
                "A call was not accepted",
                ["campaign": "\(campaign)", "outcome": "\(outcome.summary)"],
                kind: outcome.kind,
                recipients: count
            )
        case .service(let state, let reason):
            self.init(
                Self.level(of: state),
                "Sending is \(state.rawValue)",
                Self.metadata(reason, [:]),
                kind: reason?.code.map { "\($0)" } ?? ""
            )
        case .resent(let campaign, let count):
            self.init(
                .notice,
                "A call of unknown outcome is repeated",
                ["campaign": "\(campaign)"],
                kind: "",
                recipients: count
            )
        case .job(let campaign, let job):
            let metadata: Logger.Metadata = [
                "campaign": "\(campaign)", "total": "\(job.total)", "done": "\(job.tally.done)",
            ]
            self.init(
                job.state == .halted ? .warning : .info,
                "Job \(job.kind.rawValue) \(job.state.rawValue)",
                Self.metadata(job.reason, metadata)
            )
        case .retired(let campaign):
            self.init(
                .info,
                "Campaign removed after retention.days",
                ["campaign": "\(campaign)"]
            )
        }
    }

    private static func level(of state: ServiceState) -> Logger.Level {
        switch state {
        case .halted, .storeFailed: .error
        case .unreachable, .throttled: .warning
        case .paused, .running: .notice
        }
    }

    private static func metadata(
        _ reason: Campaign.Reason?,
        _ metadata: Logger.Metadata
    ) -> Logger.Metadata {
        var metadata = metadata
        if let reason {
            metadata["reason"] = "\(reason.text)"
            if let code = reason.code { metadata["code"] = "\(code)" }
        }
        return metadata
    }
}

extension Outcome {
    /// The outcome in a few words, without accounts, for a log line.
    package var summary: String {
        switch self {
        case .answered(_, let refused) where refused.isEmpty: "accepted"
        case .answered(_, let refused): "accepted but for \(refused.count)"
        case .refused(_, let code, let text): "refused with \(code) \(text)"
        case .notSent(let text): "not sent: \(text)"
        case .unknown(let cause): "unknown: \(cause.text)"
        }
    }

    /// Equal for refusals of one kind: the texts of one code may differ from answer to answer.
    fileprivate var kind: String {
        switch self {
        case .refused(_, let code, _): "refused \(code)"
        case .answered, .notSent, .unknown: summary
        }
    }
}
