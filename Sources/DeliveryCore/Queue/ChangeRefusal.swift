/// Why a change of a campaign was refused; nothing was changed.
package enum ChangeRefusal: Error, Sendable, Hashable {
    case notFound
    case wrongState(Campaign.State)
    /// A draft without recipients can't start.
    case emptyDraft
    /// Recipients are being streamed into the draft.
    case intakeOpen
    /// `expires_at` is past.
    case expired
    /// A patch would leave the campaign's own times in a wrong order, or come too late.
    case invalid(field: String, detail: String)
}
