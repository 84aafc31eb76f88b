import DeliveryCore

/// How a call of any command ended, before anybody reads its answer.
enum CallEnd: Sendable, Hashable {
    /// The answer's body, and by how many seconds our clock is ahead of the `Date` in its head; nil
    /// if it has none that can be read.
    case answered([UInt8], clockLead: Int?)
    /// The request certainly never went out.
    case notSent(String)
    /// The request began to go out, and no whole answer came.
    case unknown(Outcome.UnknownCause)
}
