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

    /// The answer: every account is imported but those whose name says that they are missing.
    package var answer: [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.name("ActionStatus")
        text.string("OK")
        text.name("ErrorCode")
        text.number(0)
        text.name("ErrorInfo")
        text.string("")
        text.name("ResultItem")
        text.beginArray()
        for identifier in identifiers {
            text.beginObject()
            text.name("UserID")
            text.string(identifier)
            text.name("ResultCode")
            text.number(0)
            text.name("ResultInfo")
            text.string("")
            text.name("AccountStatus")
            text.string(Fate(of: identifier) == .missing ? "NotImported" : "Imported")
            text.endObject()
        }
        text.endArray()
        text.endObject()
        return text.bytes
    }
}
