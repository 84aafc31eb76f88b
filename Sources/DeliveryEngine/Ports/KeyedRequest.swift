package import DeliveryCore

/// A submission that its client gave a key, so that sending it again makes nothing twice.
package struct KeyedRequest: Sendable {
    package let key: Key
    /// The SHA-256 of the body, by which the same key with another body is found out.
    package let digest: [UInt8]
    /// Writes the answer, which a repetition gets too, from the campaign as it is about to be stored.
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

    /// A client's key, which is its own: two tokens may use the same bytes.
    package struct Key: Sendable, Hashable {
        /// The name of the token that the request came with.
        package let caller: String
        package let bytes: [UInt8]

        package init(caller: String, bytes: [UInt8]) {
            self.caller = caller
            self.bytes = bytes
        }
    }
}

/// What the first request with a key was answered.
package struct KeyedAnswer: Sendable, Hashable {
    package let campaign: Campaign.ID
    /// The SHA-256 of the first request's body.
    package let digest: [UInt8]
    /// The answer's body, as it was sent.
    package let body: [UInt8]

    /// How long a key is remembered.
    package static let lifetime = Duration.seconds(86_400)

    package init(campaign: Campaign.ID, digest: [UInt8], body: [UInt8]) {
        self.campaign = campaign
        self.digest = digest
        self.body = body
    }
}
