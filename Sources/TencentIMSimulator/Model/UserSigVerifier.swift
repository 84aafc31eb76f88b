import CZlib
import Crypto
import JSON

/// Checks UserSigs (TLSSigAPIv2) as the provider does.
package struct UserSigVerifier: Sendable {
    private let sdkAppID: Int
    private let key: SymmetricKey

    package init(sdkAppID: Int, secretKey: [UInt8]) {
        self.sdkAppID = sdkAppID
        key = SymmetricKey(data: secretKey)
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
        guard let packed = Base64.decode(signature), let document = Self.inflate(packed) else {
            throw CallRefusal(70003)
        }
        let ticket = try Self.ticket(document)
        guard ticket.sdkAppID == sdkAppID else { throw CallRefusal(70014) }
        guard ticket.identifier.utf8.elementsEqual(identifier.utf8) else {
            throw CallRefusal(70013)
        }
        guard
            HMAC<SHA256>.isValidAuthenticationCode(
                ticket.signature,
                authenticating: ticket.signedContent,
                using: key
            )
        else { throw CallRefusal(70009) }
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
        do {
            json = try JSON(parsing: document)
        } catch {
            throw CallRefusal(70003)
        }
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

    /// Inflates zlib data of a bounded size; a ticket has about 180 bytes.
    private static func inflate(_ packed: [UInt8]) -> [UInt8]? {
        var count = uLongf(4_096)
        var status = Z_DATA_ERROR
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, initialized in
            status = unsafe uncompress(buffer.baseAddress, &count, packed, uLong(packed.count))
            initialized = status == Z_OK ? Int(count) : 0
        }
        return status == Z_OK ? bytes : nil
    }
}

/// Base64, in the standard alphabet and in the one of UserSigs, whose `*-_` stand for `+/=`.
enum Base64 {
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var bitCount = 0
        var padding = 0
        for character in text {
            if character == UInt8(ascii: "=") || character == UInt8(ascii: "_") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return text.count.isMultiple(of: 4) && padding <= 2 ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"), UInt8(ascii: "*"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "-"): 63
        default: nil
        }
    }
}
