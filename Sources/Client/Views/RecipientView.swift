package import JSON

/// A recipient as the endpoint shows it, as far as the commands look into it.
package struct RecipientView: Sendable, Hashable {
    package let status: String
    /// The provider's code and what it means, or what else there is to say.
    package let info: String
    /// The accepting call's key; empty without one.
    package let messageKey: String

    package init(_ json: JSON) {
        status = json["status"]?.string ?? ""
        let words = json["info"]?.string ?? ""
        let code = json["code"]?.integer.map(String.init)
        info = [code, words.isEmpty ? nil : words].compactMap { $0 }.joined(separator: " ")
        messageKey = json["msg_key"]?.string ?? ""
    }

    /// Whether it will be another one only after an explicit retry.
    package var isFinal: Bool { !["queued", "sending", "retrying"].contains(status) }
}
