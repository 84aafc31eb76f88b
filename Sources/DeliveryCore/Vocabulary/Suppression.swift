/// An account that must not be addressed, whatever campaign it is in.
package struct Suppression: Sendable, Hashable {
    package var account: Account
    /// Why, in an operator's words; nil if nobody said.
    package var reason: String?
    /// When it was put on the list first.
    package var createdAt: Timestamp

    package init(account: Account, reason: String? = nil, createdAt: Timestamp) {
        self.account = account
        self.reason = reason
        self.createdAt = createdAt
    }
}
