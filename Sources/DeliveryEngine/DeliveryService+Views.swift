package import DeliveryCore
import Synchronization

/// What operators see of the running service; looking changes nothing.
extension DeliveryService {
    package func quota() -> QuotaStatus {
        let now = time.now()
        return state.withLock { state in
            var quota = state.dispatcher.quota(now)
            quota.configError = state.configError
            return quota
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
