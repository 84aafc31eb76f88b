import DeliveryCore
import DeliveryEngine

/// The recipients of a campaign that pass a filter, in pages.
struct RecipientList: Sendable {
    let campaign: Campaign.ID
    let campaigns: any Campaigns
    let filter: RecipientFilter

    /// The store cuts pages short where few recipients match; so many of its pages make one of
    /// ours at most, and the cursor goes on from there.
    private static let pageLimit = 50

    func page(after: Account?, limit: Int) async throws(Problem) -> RecipientPage {
        var page = RecipientPage(recipients: [], next: after)
        for _ in 0..<Self.pageLimit {
            let more = try await storePage(after: page.next, limit: limit - page.recipients.count)
            page.recipients += more.recipients
            page.next = more.next
            if page.next == nil || page.recipients.count >= limit { break }
        }
        return page
    }

    func storePage(after: Account?, limit: Int) async throws(Problem) -> RecipientPage {
        do {
            return try await campaigns.recipients(
                of: campaign,
                matching: filter,
                after: after,
                limit: limit
            )
        } catch {
            throw Problem(error)
        }
    }
}
