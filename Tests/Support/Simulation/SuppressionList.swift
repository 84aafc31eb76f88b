import DeliveryCore

/// Who must not be addressed, as operators were told, and whom claims found on that list.
struct SuppressionList: Sendable {
    private var violations: [String] = []
    private(set) var accounts: Set<Account> = []
    /// The list as the last claim of each batch found it.
    private var atClaim: [Batch.ID: Set<Account>] = [:]
    /// Who was on it at some claim of a campaign.
    private var met: [Campaign.ID: Set<Account>] = [:]

    /// What was broken since this was asked last.
    mutating func takeViolations() -> [String] {
        defer { violations = [] }
        return violations
    }

    mutating func put(_ some: [Account]) { accounts.formUnion(some) }

    mutating func remove(_ account: Account) { accounts.remove(account) }

    mutating func claimed(_ batch: Batch?, _ campaign: Campaign.ID) {
        if let batch { atClaim[batch.id] = accounts }
        met[campaign, default: []].formUnion(accounts)
    }

    /// A call goes out, to nobody who was on the list when it was claimed.
    mutating func called(_ batch: Batch) {
        let list = atClaim[batch.id] ?? []
        guard let one = batch.accounts.first(where: list.contains) else { return }
        violations.append("\(one.text) is addressed and was on the suppression list")
    }

    mutating func check(_ recipient: Recipient, of campaign: Campaign.ID) {
        guard recipient.status == .suppressed,
            met[campaign]?.contains(recipient.account) != true
        else { return }
        violations.append("\(recipient.account.text) is suppressed and was on no list")
    }
}
