package import DeliveryCore

/// The provider's own call, served by this daemon: a program written for the provider needs another
/// URL and nothing else.
///
/// Every answer is the provider's envelope, as bytes, with HTTP status 200.
package protocol Gateway: Sendable {
    /// The paths it serves.
    var place: GatewayPlace { get }

    /// Checks the caller named in a call's query, before the body is read.
    ///
    /// Values are percent-decoded. Success is the caller's name for the log, failure is the answer.
    func caller(
        in query: [String: [UInt8]],
        now: Timestamp
    ) -> Result<String, GatewayRefusal>

    /// Parses a call's body; failure is the answer.
    ///
    /// `packetLimit` is the largest request to the provider, in bytes.
    func call(in body: [UInt8], packetLimit: Int) -> Result<GatewayCall, GatewayRefusal>

    /// The answer to a call that is durably stored as this campaign.
    func acceptance(of campaign: Campaign.ID) -> [UInt8]

    /// The answer to a call that is refused for a reason other than its content.
    func refusal(_ cause: GatewayRefusal.Cause) -> GatewayRefusal
}

/// The provider's paths on the endpoint.
package struct GatewayPlace: Sendable, Hashable {
    /// The path of the call that creates a campaign.
    package let path: String
    /// The query parameters of that call.
    package let query: [String]
    /// The paths of all other commands, with placeholders; they are refused.
    package let otherPaths: String
    /// The prefix of all the provider's paths.
    package let prefix: String
    /// The name given to campaigns made through the gateway.
    package let name: String

    package init(path: String, query: [String], otherPaths: String, prefix: String, name: String) {
        self.path = path
        self.query = query
        self.otherPaths = otherPaths
        self.prefix = prefix
        self.name = name
    }
}

/// A program's call, checked in full.
package struct GatewayCall: Sendable, Hashable {
    package let message: CheckedMessage
    /// Every account as often as it was named.
    package let recipients: AccountRun

    package init(message: CheckedMessage, recipients: AccountRun) {
        self.message = message
        self.recipients = recipients
    }
}

/// A refusal of a call, in the provider's language.
package struct GatewayRefusal: Error, Sendable, Hashable {
    /// The envelope to send.
    package let answer: [UInt8]
    /// Code and reason for the log, without the message.
    package let summary: String

    package init(answer: [UInt8], summary: String) {
        self.answer = answer
        self.summary = summary
    }

    /// The reasons for a refusal other than the call's content.
    package enum Cause: Sendable, Hashable {
        /// A command of the provider that the gateway doesn't serve.
        case unknownCommand
        /// The body has more bytes than this limit.
        case tooLarge(limit: Int)
        /// The same call is still being taken in.
        case running
        /// This node stands by; the leader is at this URL, if it is known.
        case standby(leader: String?)
        /// The queue can't take the call; a later one may succeed.
        case queue(QueueError)
    }
}
