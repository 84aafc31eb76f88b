/// An event of all sending that hooks are told, with the quota as of then.
package struct ServiceEvent: Sendable, Hashable {
    package let kind: EventKind
    package let at: Timestamp
    package let quota: QuotaStatus

    package init(kind: EventKind, at: Timestamp, quota: QuotaStatus) {
        self.kind = kind
        self.at = at
        self.quota = quota
    }
}
