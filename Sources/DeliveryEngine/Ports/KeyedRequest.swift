package import DeliveryCore

/// A submission with an Idempotency-Key, which stores one campaign however often it is sent.
package struct KeyedRequest: Sendable {
    package let key: Key
    /// The SHA-256 of the body, which tells the same key with another body.
    package let digest: [UInt8]
    /// Renders the answer, the same for every repeat, from the campaign as it is about to be
    /// stored.
    package let answer: @Sendable (Campaign) -> [UInt8]

    package init(
        key: Key,
        digest: [UInt8],
        answer: @escaping @Sendable (Campaign) -> [UInt8]
    ) {
        self.key = key
        self.digest = digest
        self.answer = answer
    }

    /// A client's key, which counts for its token only: two clients may choose the same bytes.
    package struct Key: Sendable, Hashable {
        /// The name of the request's token.
        package let caller: String
        package let bytes: [UInt8]

        package init(caller: String, bytes: [UInt8]) {
            self.caller = caller
            self.bytes = bytes
        }
    }
}

/// The answer to the first request with a key.
package struct KeyedAnswer: Sendable, Hashable {
    package let campaign: Campaign.ID
    /// The SHA-256 of the first request's body.
    package let digest: [UInt8]
    /// The answer's body as it was sent.
    package let body: [UInt8]

    /// How long a key is kept.
    package static let lifetime = Duration.seconds(86_400)

    package init(campaign: Campaign.ID, digest: [UInt8], body: [UInt8]) {
        self.campaign = campaign
        self.digest = digest
        self.body = body
    }
}
