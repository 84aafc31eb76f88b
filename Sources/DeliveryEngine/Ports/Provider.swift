package import DeliveryCore
package import JSON

/// The service that delivers messages, to many accounts in one call, knows which accounts exist and
/// what was delivered to one, and takes a message back.
package protocol Provider: Sendable {
    /// Runs tasks where calls begin and end; nil if that is nowhere in particular.
    var executor: (any TaskExecutor)? { get }

    /// Makes a batch's call and answers its outcome.
    ///
    /// Returns only when no more byte of the call can go out, and within the configured timeout.
    /// Never throws: every failure is an outcome.
    func send(_ batch: Batch) async -> Outcome

    /// Asks which of these accounts exist; no recipient is addressed.
    ///
    /// An empty list is a harmless probe: it shows whether the service answers. A long one may take
    /// several calls, one after another, each within the configured timeout; the first without an
    /// answer ends it, and what earlier calls found is dropped.
    func check(_ accounts: [Account]) async -> CheckOutcome

    /// Reads one page of a recipient's history, in search of calls of unknown outcome; one call,
    /// within the configured timeout.
    ///
    /// The answer's position leads to the next page, and never round and round. That a history
    /// doesn't show a call is no proof: its owner may have cleared it.
    func lookUp(_ lookUp: LookUp) async -> LookUpOutcome

    /// Takes a message back from one recipient, for good; one call, within the configured timeout.
    ///
    /// Asking again is harmless: what was taken back before counts as taken back.
    func recall(_ recall: Recall) async -> RecallOutcome

    /// Renews credentials after an answer said that they have expired.
    func renewCredentials() async
}

extension Provider {
    package var executor: (any TaskExecutor)? { nil }

    /// Makes a job's call, of whatever kind.
    func answer(to call: JobCall) async -> JobAnswer {
        switch call {
        case .check(let accounts): .check(await check(accounts))
        case .lookUp(let lookUp): .lookUp(await self.lookUp(lookUp))
        case .recall(let recall): .recall(await self.recall(recall))
        }
    }
}

/// The provider's rules for messages and accounts, and its codes in words.
package protocol MessageRules: Sendable {
    /// The rules for accounts.
    var accounts: any AccountRules { get }
    /// The required content of a message, in words, for a fault's text.
    var content: String { get }

    /// Checks the `message` object of a campaign in full; the failure has every fault.
    ///
    /// `message` was parsed from `text`; `packetLimit` is the largest request, in bytes, and must
    /// leave room for the longest account, escaped.
    func check(
        _ message: JSON,
        in text: [UInt8],
        packetLimit: Int
    ) -> Result<CheckedMessage, MessageFaults>

    /// Whether recipients' histories show a message that passed the checks: only then can it be
    /// looked up or taken back.
    func leavesHistory(_ message: CheckedMessage) -> Bool

    /// A provider's code in words; nil if it isn't known.
    func describe(code: Int) -> String?

    /// Whether a recipient that failed with a code may fare better if it is sent to again as it is.
    func mayPass(code: Int) -> Bool
}

/// Every fault of one message.
package struct MessageFaults: Error, Sendable, Hashable {
    package let faults: [FieldCheck.Fault]

    package init(_ faults: [FieldCheck.Fault]) {
        self.faults = faults
    }
}
