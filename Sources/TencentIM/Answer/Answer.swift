import JSON

/// Tencent's answer to a batchsendmsg, read leniently.
///
/// What decides about recipients is read strictly, because a misread answer would lose or double
/// messages; the rest isn't judged.
package struct Answer: Sendable, Hashable {
    package let envelope: Envelope
    package let messageKey: String?
    /// The listed accounts in their order; each one once.
    package let listed: [Listed]

    package struct Listed: Sendable, Hashable {
        package let account: [UInt8]
        package let code: Int
    }

    /// Entries of the list that name an account which an entry before them named otherwise.
    package let contradictions: Int

    /// Reads an answer's body; nil if it isn't one.
    package init?(_ body: [UInt8]) {
        guard let fields = AnswerFields(body[...]) else { return nil }
        do {
            envelope = try Envelope(fields)
            (listed, contradictions) = try Self.listed(fields)
        } catch { return nil }
        messageKey = Self.key(of: fields)
    }

    /// Tencent's keys have 50 characters at most; twice that leaves room for growth.
    static let keyLimit = 100

    /// A call's key; one that can't be used takes nothing from what the status says.
    static func key(of fields: AnswerFields) -> String? {
        do {
            let key = try fields.value("MsgKey")?.string ?? ""
            return key.isEmpty || key.utf8.count > keyLimit ? nil : key
        } catch { return nil }
    }

    /// The entries of an `ErrorList`: absent, null and `[]` are the same.
    ///
    /// Of several codes for one account the one that says most counts.
    private static func listed(
        _ fields: AnswerFields
    ) throws(AnswerFields.Unreadable) -> ([Listed], contradictions: Int) {
        var listed: [Listed] = []
        var places: [[UInt8]: Int] = [:]
        var contradictions = 0
        for entry in try fields.objects("ErrorList") {
            guard let account = try entry.value("To_Account")?.stringBytes,
                let code = try entry.value("ErrorCode").flatMap(Envelope.code)
            else { throw AnswerFields.Unreadable() }
            guard let place = places[account] else {
                places[account] = listed.count
                listed.append(Listed(account: account, code: code))
                continue
            }
            if listed[place].code != code { contradictions += 1 }
            if weight(code) > weight(listed[place].code) {
                listed[place] = Listed(account: account, code: code)
            }
        }
        return (listed, contradictions)
    }

    /// Final refusals before acceptance, and that before what another attempt may change.
    private static func weight(_ code: Int) -> Int {
        switch CodeTable.codeClass(of: code) {
        case .retryable: 0
        case .accepted: 1
        default: 2
        }
    }
}
