/// Where one step of a retry ended, for the next one to go on.
package struct RetryPosition: Sendable, Hashable {
    /// The last account that was looked at, in the order of bytes.
    package let account: Account
    /// How often the campaign had been canceled or expired: if it is again, the retry is over.
    package let pass: Int
    /// Recipients put back so far.
    package let requeued: Int

    package init(account: Account, pass: Int, requeued: Int) {
        self.account = account
        self.pass = pass
        self.requeued = requeued
    }
}
