package import DeliveryCore
package import JSON

/// Where messages go, many accounts at once, and who says which accounts there are.
package protocol Provider: Sendable {
    /// Makes the call of a batch and says how it ended.
    ///
    /// It returns only when no byte of the call can go out any more, and within the configured
    /// timeout. It never throws: what can go wrong is an outcome.
    func send(_ batch: Batch) async -> Outcome

    /// Asks which of these accounts exist, without addressing anybody.
    ///
    /// An empty list is a harmless probe: it shows whether the service answers, and names nobody. A
    /// long one may take several calls, one after another, each within the configured timeout; the
    /// first that isn't answered ends it, and what those before it found is dropped.
    func check(_ accounts: [Account]) async -> CheckOutcome

    /// Gets new credentials after an answer said that the present ones have expired.
    func renewCredentials() async
}

/// Knows the provider's language, for whoever takes messages in or shows answers.
package protocol MessageRules: Sendable {
    /// What is taken as an account.
    var accounts: any AccountRules { get }
    /// What a message holds, in words, for whoever left it out.
    var content: String { get }

    /// Checks the `message` object of a campaign in full; every fault found is in the failure.
    ///
    /// `message` was parsed from `text`; `packetLimit` is the largest request, in bytes, and must
    /// leave room for the longest account, escaped.
    func check(
        _ message: JSON,
        in text: [UInt8],
        packetLimit: Int
    ) -> Result<CheckedMessage, MessageFaults>

    /// A code of the provider in words; nil if it isn't known.
    func describe(code: Int) -> String?
}

/// Every fault found in one message.
package struct MessageFaults: Error, Sendable, Hashable {
    package let faults: [FieldCheck.Fault]

    package init(_ faults: [FieldCheck.Fault]) {
        self.faults = faults
    }
}
