import Codecs
package import DeliveryCore
import Digests
package import Platform

/// Headers by which a receiver knows whose an event is (Standard Webhooks 1.0).
package enum WebhookSignature {
    /// The headers of a try; `uuid` is the same at each try of an event, the time isn't.
    package static func headers(
        of uuid: String,
        at time: Timestamp,
        body: [UInt8],
        secret: Secret
    ) -> [(name: String, value: String)] {
        let seconds = String(time.milliseconds / 1_000)
        let signed = Array("\(uuid).\(seconds).".utf8) + body
        let code = HMACSHA256(key: secret.bytes).code(for: signed)
        return [
            ("webhook-id", uuid), ("webhook-timestamp", seconds),
            ("webhook-signature", "v1," + Base64.encode(code)),
        ]
    }

    /// The prefix of a secret that is written in Base64.
    private static let prefix = Array("whsec_".utf8)
    /// The shortest secret there may be, in bytes.
    package static let shortest = 24

    /// The key in a secret file's bytes; nil if they are no secret, or a short one.
    ///
    /// Of text, the newline is the editor's; bytes that are no text are taken as they are.
    package static func key(in file: [UInt8]) -> Secret? {
        var bytes = file[...]
        let isText = bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x0D }
        if isText {
            if bytes.last == 0x0A { bytes = bytes.dropLast() }
            if bytes.last == 0x0D { bytes = bytes.dropLast() }
        }
        let key =
            bytes.starts(with: prefix)
            ? Base64.decode(bytes.dropFirst(prefix.count)) : Array(bytes)
        guard let key, key.count >= shortest else { return nil }
        return Secret(bytes: key)
    }
}
