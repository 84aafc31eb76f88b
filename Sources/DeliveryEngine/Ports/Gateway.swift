package import DeliveryCore

/// Speaks the provider's own call from the other side, so that a program written for the provider
/// needs another URL and nothing else.
///
/// What it answers is the provider's envelope, as bytes, with HTTP status 200 whatever it says.
package protocol Gateway: Sendable {
    /// Where the calls come in.
    var place: GatewayPlace { get }

    /// Checks what a call's query says about its caller, before anything of the body is read.
    ///
    /// Values are as they were after percent-decoding. Success is the caller's name for the log;
    /// failure is the answer.
    func caller(
        in query: [String: [UInt8]],
        now: Timestamp
    ) -> Result<String, GatewayRefusal>

    /// Reads a call's body; failure is the answer.
    ///
    /// `packetLimit` is the largest request to the provider, in bytes.
    func call(in body: [UInt8], packetLimit: Int) -> Result<GatewayCall, GatewayRefusal>

    /// The answer that stands for a call which is stored durably as this campaign.
    func acceptance(of campaign: Campaign.ID) -> [UInt8]

    /// The answer to a call that can't be taken in, for a reason that isn't its content's.
    func refusal(_ cause: GatewayRefusal.Cause) -> GatewayRefusal
}

/// The provider's paths on the endpoint.
package struct GatewayPlace: Sendable, Hashable {
    /// The path of the call that is taken in.
    package let path: String
    /// The query parameters that it documents.
    package let query: [String]
    /// The paths of all other commands, which are refused, with placeholders.
    package let otherPaths: String
    /// Everything below this is the provider's.
    package let prefix: String
    /// The name of the campaigns that are made.
    package let name: String

    package init(path: String, query: [String], otherPaths: String, prefix: String, name: String) {
        self.path = path
        self.query = query
        self.otherPaths = otherPaths
        self.prefix = prefix
        self.name = name
    }
}

/// A call as a program made it, checked in full.
package struct GatewayCall: Sendable, Hashable {
    package let message: CheckedMessage
    /// Every account as often as it was named.
    package let recipients: AccountRun

    package init(message: CheckedMessage, recipients: AccountRun) {
        self.message = message
        self.recipients = recipients
    }
}

/// Why a call was not taken in, in the provider's language.
package struct GatewayRefusal: Error, Sendable, Hashable {
    /// The envelope to answer.
    package let answer: [UInt8]
    /// What to say in the log: the code and its reason, nothing of the message.
    package let summary: String

    package init(answer: [UInt8], summary: String) {
        self.answer = answer
        self.summary = summary
    }

    /// What a refusal may be about beside the content of the call.
    package enum Cause: Sendable, Hashable {
        /// Another command of the provider, which isn't carried out here.
        case unknownCommand
        /// The body has more bytes than this.
        case tooLarge(limit: Int)
        /// The same call is being taken in at this moment.
        case running
        /// The queue can't take it; trying again later may do.
        case queue(QueueError)
    }
}
