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
    /// A patch would put the campaign's times in a wrong order, or comes too late for that field.
    case invalid(field: String, detail: String)
}
