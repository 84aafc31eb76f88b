import Codecs
import Compression
import Digests
import JSON

/// TLSSigAPIv2: what proves to Tencent, or to us, that a caller has the app's secret key.
package enum UserSig {
    /// Signs for a span of life from a time on, both in seconds.
    package static func sign(
        _ credentials: AppCredentials,
        at time: Int64,
        life: Int64
    ) -> String {
        let claims = Claims(
            identifier: Array(credentials.administrator.utf8),
            sdkAppID: credentials.sdkAppID,
            time: time,
            life: life
        )
        let hmac = HMACSHA256(key: credentials.key.bytes)
        let code = Base64.encode(hmac.code(for: claims.signedText))
        let json = JSONText.document {
            $0.field("TLS.ver", "2.0")
            $0.field("TLS.identifier", utf8: claims.identifier)
            $0.field("TLS.sdkappid", claims.sdkAppID)
            $0.field("TLS.expire", Int(claims.life))
            $0.field("TLS.time", Int(claims.time))
            $0.field("TLS.sig", code)
        }
        return Base64.encode(Zlib.stored(json), .userSig)
    }

    /// Why a signature doesn't prove what it should, by Tencent's codes.
    package enum Refusal: Int, Error, Sendable, Hashable, CaseIterable {
        case expired = 70_001
        case unreadable = 70_003
        case wrongKey = 70_009
        case wrongIdentifier = 70_013
        case wrongApp = 70_014
    }

    /// Checks a signature of anybody's making at a time in seconds; nil if it holds.
    package static func verify(
        _ signature: String,
        for credentials: AppCredentials,
        at time: Int64
    ) -> Refusal? {
        guard let (claims, code) = parse(signature) else { return .unreadable }
        guard claims.sdkAppID == credentials.sdkAppID else { return .wrongApp }
        guard claims.identifier == Array(credentials.administrator.utf8) else {
            return .wrongIdentifier
        }
        let hmac = HMACSHA256(key: credentials.key.bytes)
        guard hmac.isValid(code, for: claims.signedText) else { return .wrongKey }
        let (end, overflow) = claims.time.addingReportingOverflow(claims.life)
        return overflow || time >= end ? .expired : nil
    }

    /// What an inflated signature may take: an honest one has some 250 bytes.
    private static let sizeLimit = 8192

    private static func parse(_ signature: String) -> (Claims, code: [UInt8])? {
        guard signature.utf8.count <= sizeLimit,
            let wrapped = Base64.decode(signature.utf8, .userSig),
            let bytes = Zlib.inflated(wrapped, limit: sizeLimit)
        else { return nil }
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { return nil }
        guard json["TLS.ver"]?.string == "2.0",
            let identifier = json["TLS.identifier"]?.stringBytes,
            let sdkAppID = json["TLS.sdkappid"]?.integer,
            let time = json["TLS.time"]?.integer,
            let life = json["TLS.expire"]?.integer,
            let code = json["TLS.sig"]?.stringBytes.flatMap({ Base64.decode($0) })
        else { return nil }
        let claims = Claims(
            identifier: identifier,
            sdkAppID: sdkAppID,
            time: Int64(time),
            life: Int64(life)
        )
        return (claims, code)
    }
}

/// What a signature vouches for.
private struct Claims {
    let identifier: [UInt8]
    let sdkAppID: Int
    let time: Int64
    let life: Int64

    var signedText: [UInt8] {
        Array("TLS.identifier:".utf8) + identifier
            + Array("\nTLS.sdkappid:\(sdkAppID)\nTLS.time:\(time)\nTLS.expire:\(life)\n".utf8)
    }
}
