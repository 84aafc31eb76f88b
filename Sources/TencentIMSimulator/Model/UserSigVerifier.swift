import Codecs
import Compression
import Digests
import JSON

/// Checks UserSigs (TLSSigAPIv2) as the provider does.
package struct UserSigVerifier: Sendable {
    private let sdkAppID: Int
    private let hmac: HMACSHA256

    /// What an inflated signature may take; a ticket has about 180 bytes.
    private static let sizeLimit = 4_096

    package init(sdkAppID: Int, secretKey: [UInt8]) {
        self.sdkAppID = sdkAppID
        hmac = HMACSHA256(key: secretKey)
    }

    /// A UserSig that was found in order.
    package struct Verified: Sendable, Hashable {
        package let identifier: String
        /// The first second in which it is valid no more.
        package let expiresAt: Int64
    }

    /// Checks everything but the time; the failure holds the provider's code.
    package func verify(
        _ signature: [UInt8],
        identifier: String
    ) throws(CallRefusal) -> Verified {
        // The provider's own spelling, and the usual one that some clients don't replace.
        let packed = Base64.decode(signature, .userSig) ?? Base64.decode(signature)
        guard let document = packed.flatMap({ Zlib.inflated($0, limit: Self.sizeLimit) }) else {
            throw CallRefusal(70003)
        }
        let ticket = try Self.ticket(document)
        guard ticket.sdkAppID == sdkAppID else { throw CallRefusal(70014) }
        guard ticket.identifier.utf8.elementsEqual(identifier.utf8) else {
            throw CallRefusal(70013)
        }
        guard hmac.isValid(ticket.signature, for: ticket.signedContent) else {
            throw CallRefusal(70009)
        }
        return Verified(identifier: ticket.identifier, expiresAt: ticket.expiresAt)
    }

    private struct Ticket {
        let identifier: String
        let sdkAppID: Int
        let time: Int
        let expire: Int
        let signature: [UInt8]

        var expiresAt: Int64 { Int64(time) + Int64(expire) }

        var signedContent: [UInt8] {
            Array(
                """
                TLS.identifier:\(identifier)
                TLS.sdkappid:\(sdkAppID)
                TLS.time:\(time)
                TLS.expire:\(expire)

                """.utf8
            )
        }
    }

    private static func ticket(_ document: [UInt8]) throws(CallRefusal) -> Ticket {
        let json: JSON
        do { json = try JSON(parsing: document) } catch { throw CallRefusal(70003) }
        let seconds = 0...Int(UInt32.max)
        guard json["TLS.ver"]?.string == "2.0", let identifier = json["TLS.identifier"]?.string,
            let sdkAppID = json["TLS.sdkappid"]?.integer,
            let time = json["TLS.time"]?.integer, seconds.contains(time),
            let expire = json["TLS.expire"]?.integer, seconds.contains(expire),
            let signature = json["TLS.sig"]?.stringBytes, let signature = Base64.decode(signature)
        else { throw CallRefusal(70003) }
        return Ticket(
            identifier: identifier,
            sdkAppID: sdkAppID,
            time: time,
            expire: expire,
            signature: signature
        )
    }
}
