/// Where one step of a retry ended, for the next one to go on.
package struct RetryPosition: Sendable, Hashable {
    /// The last account looked at, in the order of bytes.
    package let account: Account
    /// The campaign's generation when the retry began: if it was canceled or expired since, the
    /// retry ends.
    package let generation: Int
    /// Recipients put back so far.
    package let requeued: Int

    package init(account: Account, generation: Int, requeued: Int) {
        self.account = account
        self.generation = generation
        self.requeued = requeued
    }
}
