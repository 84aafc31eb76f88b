/// The settings a `PATCH` changes; nil leaves one as it is.
package struct CampaignPatch: Sendable, Hashable {
    package var name: String?
    package var priority: Priority?
    package var messagesPerMinute: Int??
    package var expiresAt: Timestamp??
    package var startAt: Timestamp??
    package var sendBetween: SendingHours??

    package init() {}
}
