import JSON

/// Tencent's answer to a batchsendmsg, read leniently.
///
/// Whatever the content type, unknown fields are skipped; what decides about recipients is read
/// strictly, because a misread answer would lose or double messages.
package struct Answer: Sendable, Hashable {
    package let envelope: Envelope
    package let messageKey: String?
    /// The listed accounts in their order; the same one twice with one code counts once.
    package let listed: [Listed]

    package struct Listed: Sendable, Hashable {
        package let account: [UInt8]
        package let code: Int
    }

    /// Reads an answer's body; nil if it isn't one.
    package init?(_ body: [UInt8]) {
        let json: JSON
        do { json = try JSON(parsing: body) } catch { return nil }
        guard let envelope = Envelope(json), let listed = Self.listed(json["ErrorList"])
        else { return nil }
        self.envelope = envelope
        self.listed = listed
        messageKey = json["MsgKey"]?.string.flatMap { key in
            key.isEmpty || key.utf8.count > Self.keyLimit ? nil : key
        }
    }

    /// Tencent's keys have 50 characters at most; twice that leaves room for growth.
    private static let keyLimit = 100

    /// The entries of an `ErrorList`: absent, null and `[]` are the same; nil if it is malformed or
    /// contradicts itself.
    private static func listed(_ json: JSON?) -> [Listed]? {
        guard let json, !json.isNull else { return [] }
        guard let elements = json.elements else { return nil }
        var listed: [Listed] = []
        var codes: [[UInt8]: Int] = [:]
        for element in elements {
            guard let account = element["To_Account"]?.stringBytes,
                let code = element["ErrorCode"].flatMap(Envelope.code)
            else { return nil }
            switch codes.updateValue(code, forKey: account) {
            case nil: listed.append(Listed(account: account, code: code))
            case code: continue
            default: return nil
            }
        }
        return listed
    }
}
