package import DeliveryCore
package import Logging

/// Is shown what happens, for logs, metrics and the watchdog; it decides nothing.
package protocol DeliveryObserver: Sendable {
    /// The loop took an event: it turns.
    func heard(_ event: Dispatcher.Event)
    /// A commit is durable.
    func committed(took duration: Duration)
    /// A call ended.
    func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration)
    /// The dispatcher reports something an operator may want to know.
    func report(_ report: Dispatcher.Report, _ logger: Logger)
}

extension DeliveryObserver {
    package func heard(_ event: Dispatcher.Event) {}
    package func committed(took duration: Duration) {}
    package func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration) {}

    /// Logs one line for a campaign's event and for a call that wasn't simply accepted.
    package func report(_ report: Dispatcher.Report, _ logger: Logger) {
        switch report {
        case .campaign(let id, let state, let reason):
            logger.log(
                level: state == .halted ? .warning : .info,
                "Campaign \(state.rawValue)",
                metadata: metadata(reason, ["campaign": "\(id)"])
            )
        case .call(_, let campaign, let count, let outcome):
            logger.warning(
                "A call was not accepted",
                metadata: [
                    "campaign": "\(campaign)", "recipients": "\(count)",
                    "outcome": "\(outcome.summary)",
                ]
            )
        case .service(let state, let reason):
            logger.log(
                level: level(of: state),
                "Sending is \(state.rawValue)",
                metadata: metadata(reason, [:])
            )
        case .resent(let campaign, let count):
            logger.notice(
                "A call of unknown outcome is repeated",
                metadata: ["campaign": "\(campaign)", "recipients": "\(count)"]
            )
        case .retired(let campaign):
            logger.info(
                "Campaign removed after retention.days",
                metadata: ["campaign": "\(campaign)"]
            )
        }
    }

    private func level(of state: ServiceState) -> Logger.Level {
        switch state {
        case .halted, .storeFailed: .error
        case .unreachable, .throttled: .warning
        case .paused, .running: .notice
        }
    }

    private func metadata(
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

/// Logs what is reported and looks at nothing else.
package struct NoObserver: DeliveryObserver {
    package init() {}
}

extension Outcome {
    /// The outcome in a few words, without accounts, for a log line.
    package var summary: String {
        switch self {
        case .answered(_, let refused) where refused.isEmpty: "accepted"
        case .answered(_, let refused): "accepted but for \(refused.count)"
        case .refused(_, let code, let text): "refused with \(code) \(text)"
        case .notSent(let text): "not sent: \(text)"
        case .unknown(let doubt): "unknown: \(doubt.text)"
        }
    }
}
