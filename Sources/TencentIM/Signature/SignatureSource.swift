package import DeliveryCore

/// Gives a signature that is valid now, and a new one in good time.
package struct SignatureSource: Sendable {
    package private(set) var credentials: AppCredentials
    private var issued: Issued?

    private struct Issued: Sendable {
        let signature: String
        let at: Timestamp
    }

    /// How long a signature lives: the least that Tencent advises, so that a leaked one is soon
    /// worthless; making another costs microseconds.
    package static let life: Duration = .seconds(86_400)

    /// A signature is used for 80 % of its life.
    private static let useLimit: Duration = life * 4 / 5

    package init(_ credentials: AppCredentials) {
        self.credentials = credentials
    }

    /// A signature for this time; the last one while it is good for it.
    ///
    /// A wall clock that was set back would leave a signature from the future, so that too is
    /// replaced.
    package mutating func signature(at now: Timestamp) -> String {
        if let issued, issued.at <= now, issued.at.duration(to: now) < Self.useLimit {
            return issued.signature
        }
        let signature = UserSig.sign(
            credentials,
            at: now.milliseconds / 1000,
            life: Self.life.components.seconds
        )
        issued = Issued(signature: signature, at: now)
        return signature
    }

    /// Makes the next signature a new one.
    package mutating func renew() {
        issued = nil
    }
}
