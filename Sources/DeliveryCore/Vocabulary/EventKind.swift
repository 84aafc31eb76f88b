/// Something that happens to a campaign or to all sending, and that hooks are told (contract, section
/// 14).
package enum EventKind: String, Sendable, Hashable, CaseIterable {
    /// The campaign runs for the first time.
    case campaignStarted = "campaign.started"
    case campaignPaused = "campaign.paused"
    case campaignResumed = "campaign.resumed"
    case campaignHalted = "campaign.halted"
    /// The campaign is over: every recipient is final and no call is in flight.
    case campaignCompleted = "campaign.completed"
    case campaignCanceled = "campaign.canceled"
    case campaignExpired = "campaign.expired"
    /// A retry has opened a campaign that was canceled, expired or completed.
    case campaignReopened = "campaign.reopened"
    /// A job has ended, whether completed, stopped or halted.
    case checkFinished = "campaign.check_finished"
    case verifyFinished = "campaign.verify_finished"
    case recallFinished = "campaign.recall_finished"
    case serviceHalted = "service.halted"
    case serviceUnreachable = "service.unreachable"
    /// All sending is neither halted nor unreachable any more.
    case serviceRecovered = "service.recovered"
    /// The store can be written again.
    case serviceStoreRecovered = "service.store_recovered"

    /// The end of a job; nil for look-ups that nobody asked for.
    package init?(endOf kind: Job.Kind) {
        switch kind {
        case .check: self = .checkFinished
        case .verify: self = .verifyFinished
        case .recall: self = .recallFinished
        case .settle: return nil
        }
    }
}
