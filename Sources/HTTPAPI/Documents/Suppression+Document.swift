import DeliveryCore
import JSON

// An entry of the suppression list as it comes in and leaves.
extension Suppression {
    private static let columns = ["account", "reason", "created_at"]

    /// Reads the reason out of the body of a request, which may be empty.
    static func reason(document body: [UInt8]) throws(Problem) -> String? {
        guard !body.isEmpty else { return nil }
        var reader = FieldReader(try parseJSON(body, keeping: shortDocument), fields: ["reason"])
        let reason = reader.reason("reason")
        try reader.finish()
        return reason
    }

    static func ndjson(_ suppressions: [Suppression]) -> [UInt8] {
        JSONText { text in
            for suppression in suppressions {
                text.suppression(suppression)
                text.endLine()
            }
        }.bytes
    }

    /// The header row of RFC 4180.
    static var csvHeader: [UInt8] { Array((columns.joined(separator: ",") + "\r\n").utf8) }

    static func csv(_ suppressions: [Suppression]) -> [UInt8] {
        var bytes: [UInt8] = []
        for suppression in suppressions {
            appendCSVField(suppression.account.bytes, to: &bytes)
            for field in [suppression.reason ?? "", suppression.createdAt.rfc3339] {
                bytes.append(UInt8(ascii: ","))
                appendCSVField(Array(field.utf8), to: &bytes)
            }
            bytes += [0x0D, 0x0A]
        }
        return bytes
    }
}

extension JSONText {
    mutating func suppression(_ suppression: Suppression) {
        object {
            $0.field("account", utf8: suppression.account.bytes)
            $0.field("reason", suppression.reason)
            $0.field("created_at", suppression.createdAt)
        }
    }
}
