package import DeliveryCore
import Synchronization

/// What operators see of the running service; looking changes nothing.
extension DeliveryService {
    package func quota() -> QuotaStatus {
        let now = time.now()
        return state.withLock { state in
            let status = state.dispatcher.status(now)
            return QuotaStatus(
                messagesPerMinute: state.dispatcher.limits.messagesPerMinute,
                windowUsed: state.dispatcher.windowUsed(now),
                nextCallAt: state.dispatcher.nextCallAt(now),
                callsPerSecond: state.dispatcher.limits.callsPerSecond,
                state: status.state,
                reason: status.reason,
                since: status.since,
                until: status.until,
                remedy: status.remedy,
                pace: status.pace,
                window: state.dispatcher.window(now),
                inFlight: state.dispatcher.inFlightCount,
                closedCampaigns: state.dispatcher.closedCampaignCount,
                configError: state.configError
            )
        }
    }

    package func progress(of campaign: Campaign) -> CampaignProgress {
        let now = time.now()
        return state.withLock { state in
            CampaignProgress(
                messagesLastMinute: state.dispatcher.messagesLastMinute(of: campaign.id, now),
                eta: state.dispatcher.eta(
                    of: campaign.id,
                    state: campaign.state,
                    settings: campaign.settings,
                    remaining: campaign.counts.unfinished,
                    now
                ),
                jobs: state.dispatcher.progress(of: campaign, now)
            )
        }
    }

    package func explain(_ campaign: Campaign, takesIn: Bool) -> Explanation {
        let now = time.now()
        return state.withLock { $0.dispatcher.explain(campaign, takesIn: takesIn, now) }
    }

    package func explain() -> Explanation {
        let now = time.now()
        return state.withLock { $0.dispatcher.explain(now) }
    }
}
