import JSON

/// An account_check body whose fields were checked, and its answer.
package struct AccountCheckCall: Sendable {
    package let identifiers: [[UInt8]]

    /// The most that one call may ask about.
    package static let limit = 100

    /// Reads a body as the provider documents it.
    package init(parsing body: [UInt8]) throws(CallRefusal) {
        let json: JSON
        do { json = try JSON(parsing: body) } catch { throw CallRefusal(90001) }
        guard let items = json["CheckItem"]?.elements, (1...Self.limit).contains(items.count) else {
            throw CallRefusal(70402)
        }
        let identifiers = items.compactMap { $0["UserID"]?.stringBytes }
        guard identifiers.count == items.count, identifiers.allSatisfy({ !$0.isEmpty }) else {
            throw CallRefusal(70402)
        }
        self.identifiers = identifiers
    }

    /// The answer: every account is imported but those whose name says that they are missing, or
    /// that it can't be known.
    package var answer: [UInt8] {
        JSONText.document {
            $0.field("ActionStatus", "OK")
            $0.field("ErrorCode", 0)
            $0.field("ErrorInfo", "")
            $0.objects("ResultItem", of: identifiers) { text, identifier in
                let (code, status) =
                    switch Fate(of: identifier) {
                    case .missing: (0, "NotImported")
                    case .unclear(let code): (code, "")
                    case .accepted, .poison, .refused, .flaky: (0, "Imported")
                    }
                text.field("UserID", utf8: identifier)
                text.field("ResultCode", code)
                text.field("ResultInfo", Envelope.info(for: code))
                text.field("AccountStatus", status)
            }
        }
    }
}
