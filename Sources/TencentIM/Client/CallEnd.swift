import DeliveryCore

/// How a call of any command ended, before anybody reads its answer.
enum CallEnd: Sendable, Hashable {
    case answered([UInt8])
    /// The request certainly never went out.
    case notSent(String)
    /// The request began to go out, and no whole answer came.
    case unknown(Outcome.UnknownCause)
}
