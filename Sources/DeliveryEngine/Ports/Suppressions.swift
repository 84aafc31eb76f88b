package import DeliveryCore

/// The list of accounts that must not be addressed.
///
/// It is asked at each claim. What is stored before a claim begins counts for it; a call that is
/// already in flight isn't undone.
package protocol Suppressions: Sendable {
    /// Puts an account on the list, durably; one that is on it gets the new reason and keeps its
    /// time.
    func suppress(
        _ account: Account,
        reason: String?,
        now: Now
    ) async throws(QueueError) -> Suppression

    /// Puts a run of accounts on the list, durably and without a reason.
    ///
    /// Those that are on it already stay as they are and count as duplicates; `total` is how many
    /// the list has. A long run takes several transactions: if a later one fails, the answer has
    /// what the earlier ones took, and the fault.
    func suppress(_ run: AccountRun, now: Now) async throws(QueueError) -> Taken

    /// Takes an account off the list, durably; false if it wasn't on it.
    func unsuppress(_ account: Account, now: Now) async throws(QueueError) -> Bool

    func suppression(of account: Account) async throws(QueueError) -> Suppression?

    /// A page of the list in the order of the accounts' bytes.
    func suppressions(
        after account: Account?,
        limit: Int
    ) async throws(QueueError) -> SuppressionPage
}

/// A page of the list of accounts that must not be addressed.
package struct SuppressionPage: Sendable, Hashable {
    package var suppressions: [Suppression]
    /// The last account before the next page; nil at the end.
    package var next: Account?

    package init(suppressions: [Suppression], next: Account?) {
        self.suppressions = suppressions
        self.next = next
    }
}
