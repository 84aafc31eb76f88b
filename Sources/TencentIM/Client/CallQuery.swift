/// Path and query of a call.
struct CallQuery {
    let command: ServiceCommand
    let credentials: AppCredentials
    let signature: String
    let random: UInt32

    var path: String {
        "/v4/\(command.rawValue)?sdkappid=\(credentials.sdkAppID)"
            + "&identifier=\(Self.percentEncoded(credentials.administrator))"
            + "&usersig=\(Self.percentEncoded(signature))"
            + "&random=\(random)&contenttype=json"
    }

    /// Everything but the unreserved characters of RFC 3986 as `%XX`.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
