import DeliveryCore
import QueueStore

extension World {
    /// Checks a life that is over, whatever it was about; the record says what was broken.
    package mutating func check() async throws {
        for id in campaigns {
            guard let campaign = try await store.campaign(id) else { continue }
            record.check(campaign, try await recipients(of: id))
        }
        if provider.busiestMinute > provider.quota { record.violated("over the quota") }
        if provider.busiestAlignedMinute > provider.quota { record.violated("over, aligned") }
        if provider.refusals > 0 { record.violated("refused for the quota") }
    }
}
