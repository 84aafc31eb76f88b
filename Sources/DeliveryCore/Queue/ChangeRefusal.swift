/// Why a change of a campaign was refused; nothing was changed.
package enum ChangeRefusal: Error, Sendable, Hashable {
    case notFound
    case wrongState(Campaign.State)
    /// A draft without recipients can't start.
    case emptyDraft
    /// Recipients are being streamed into the draft.
    case intakeOpen
    /// A job of the campaign is running, which this change would get in the way of, or which is asked
    /// for again.
    case jobRunning(Job.Kind)
    /// No such job is running.
    case noJob(Job.Kind)
    /// The job has nobody to ask about.
    case nobodyLeft(Job.Kind)
    /// The provider's history doesn't reach back to the campaign.
    case beyondHistory
    /// `expires_at` is past.
    case expired
    /// A patch would put the campaign's times in a wrong order, or comes too late for that field.
    case invalid(field: String, detail: String)
}
