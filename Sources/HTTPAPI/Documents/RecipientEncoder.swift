import DeliveryCore
import DeliveryEngine
import JSON

/// Shows recipients in the three forms in which they leave.
struct RecipientEncoder: Sendable {
    let rules: any MessageRules

    static let columns = [
        "account", "status", "code", "info", "attempts", "msg_key", "updated_at",
        "next_attempt_at", "recall", "recall_code",
    ]

    /// The code in words, unless the recipient has words of its own.
    private func info(of recipient: Recipient) -> String? {
        if let info = recipient.info { return info }
        guard let code = recipient.code, code != 0 else { return nil }
        return rules.describe(code: code)
    }

    func write(_ recipient: Recipient, to text: inout JSONText) {
        text.object {
            $0.field("account", utf8: recipient.account.bytes)
            $0.field("status", recipient.status.rawValue)
            $0.field("code", recipient.code)
            $0.field("info", info(of: recipient))
            $0.field("attempts", recipient.attempts)
            $0.field("msg_key", recipient.messageKey)
            $0.field("updated_at", recipient.updatedAt)
            $0.field("next_attempt_at", recipient.nextAttemptAt)
            $0.field("recall", recipient.recall?.rawValue)
            $0.field("recall_code", recipient.recallCode)
        }
    }

    func ndjson(_ recipients: [Recipient]) -> [UInt8] {
        JSONText { text in
            for recipient in recipients {
                write(recipient, to: &text)
                text.endLine()
            }
        }.bytes
    }

    /// The header row of RFC 4180.
    static var csvHeader: [UInt8] { Array((columns.joined(separator: ",") + "\r\n").utf8) }

    func csv(_ recipients: [Recipient]) -> [UInt8] {
        var bytes: [UInt8] = []
        for recipient in recipients { appendCSV(recipient, to: &bytes) }
        return bytes
    }

    private func appendCSV(_ recipient: Recipient, to bytes: inout [UInt8]) {
        appendCSVField(recipient.account.bytes, to: &bytes)
        let others = [
            recipient.status.rawValue, recipient.code.map { String($0) } ?? "",
            info(of: recipient) ?? "", String(recipient.attempts), recipient.messageKey ?? "",
            recipient.updatedAt.rfc3339, recipient.nextAttemptAt?.rfc3339 ?? "",
            recipient.recall?.rawValue ?? "", recipient.recallCode.map { String($0) } ?? "",
        ]
        for field in others {
            bytes.append(UInt8(ascii: ","))
            appendCSVField(Array(field.utf8), to: &bytes)
        }
        bytes += [0x0D, 0x0A]
    }
}

/// Appends a field, quoted where RFC 4180 wants it.
package func appendCSVField(_ field: [UInt8], to bytes: inout [UInt8]) {
    let special: (UInt8) -> Bool = { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
    // White space at the ends is part of the field, which some readers believe only in quotes.
    let isEdged = field.first == 0x20 || field.last == 0x20
    guard isEdged || field.contains(where: special) else {
        bytes += field
        return
    }
    bytes.append(0x22)
    for byte in field {
        if byte == 0x22 { bytes.append(0x22) }
        bytes.append(byte)
    }
    bytes.append(0x22)
}
