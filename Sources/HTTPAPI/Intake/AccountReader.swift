package import DeliveryCore

/// Gathers the accounts that a stream of bytes names, whatever its form.
///
/// The stream may be cut anywhere, and what is kept of its unfinished part is bounded.
package protocol AccountReader: Sendable {
    /// The accounts read since the run was last taken away.
    var run: AccountRun { get set }
    /// What was no account.
    var invalid: InvalidLines { get }

    /// Reads the next piece of the stream.
    mutating func read(_ bytes: UnsafeRawBufferPointer)
    /// Reads what has no line end behind it, at the end of the stream.
    mutating func finish()
}
