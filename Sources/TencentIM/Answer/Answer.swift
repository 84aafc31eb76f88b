import JSON

/// Tencent's answer to a call: the envelope, read leniently.
///
/// Whatever the content type, unknown fields are skipped; what decides about recipients is read
/// strictly, because a misread answer would lose or double messages.
package struct Answer: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        case ok = "OK"
        case someError = "SomeError"
        case fail = "FAIL"
    }

    package let status: Status
    package let code: Int
    package let text: String
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
        guard let status = json["ActionStatus"]?.stringBytes.flatMap(Self.status),
            let code = json["ErrorCode"].flatMap(Self.code),
            let listed = Self.listed(json["ErrorList"])
        else { return nil }
        self.status = status
        self.code = code
        self.listed = listed
        text = Self.printable(json["ErrorInfo"]?.string ?? "")
        messageKey = json["MsgKey"]?.string.flatMap { key in
            key.isEmpty || key.utf8.count > Self.keyLimit ? nil : key
        }
    }

    /// Tencent's keys have 50 characters at most; twice that leaves room for growth.
    private static let keyLimit = 100
    /// What of `ErrorInfo` is kept, in Unicode scalars: it ends up in the store and in logs.
    ///
    /// Not in characters, one of which may have thousands of them.
    private static let textLimit = 200

    /// A status by its bytes: as a `String`, a Kelvin sign would pass for a K.
    private static func status(_ bytes: [UInt8]) -> Status? {
        Status.allCases.first { $0.rawValue.utf8.elementsEqual(bytes) }
    }

    /// A code, as a number or as a number in a string.
    private static func code(_ json: JSON) -> Int? {
        json.integer ?? json.string.flatMap { Int($0) }
    }

    /// The entries of an `ErrorList`: absent, null and `[]` are the same; nil if it is malformed or
    /// contradicts itself.
    private static func listed(_ json: JSON?) -> [Listed]? {
        guard let json, !json.isNull else { return [] }
        guard let elements = json.elements else { return nil }
        var listed: [Listed] = []
        var codes: [[UInt8]: Int] = [:]
        for element in elements {
            guard let account = element["To_Account"]?.stringBytes,
                let code = element["ErrorCode"].flatMap(Self.code)
            else { return nil }
            switch codes.updateValue(code, forKey: account) {
            case nil: listed.append(Listed(account: account, code: code))
            case code: continue
            default: return nil
            }
        }
        return listed
    }

    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars.prefix(textLimit)))
    }
}
