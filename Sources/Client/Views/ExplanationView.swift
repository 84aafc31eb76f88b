package import JSON

/// Why a campaign, or all sending, moves no faster, in sentences.
package struct ExplanationView: Sendable {
    package let text: String

    /// `subject` is what the sentences are about: "the campaign", "all sending".
    package init(_ json: JSON, of subject: String) {
        let isMoving = json["moving"]?.bool ?? false
        let causes = json["causes"]?.elements ?? []
        var text = Self.sentence(
            "\(subject) is \(json["state"]?.string ?? "in a state that isn't known here"), "
                + (isMoving ? "and calls go out" : "and no call goes out") + "; "
                + (json["last_call_at"]?.string.map { "the last one went out at \($0)" }
                    ?? "none has since the daemon's start")
        )
        switch (isMoving, causes.isEmpty) {
        case (true, true): text += "Nothing bounds the pace.\n"
        case (true, false): text += "What bounds the pace:\n"
        case (false, true): text += "Nothing is in the way.\n"
        case (false, false): text += "What is in the way:\n"
        }
        for cause in causes { text += "  " + Self.line(cause) }
        self.text = text
    }

    private static func line(_ cause: JSON) -> String {
        let until = cause["until"]?.string.map { ", until \($0)" } ?? ""
        let text = cause["text"]?.string ?? cause["cause"]?.string ?? ""
        let remedy = cause["remedy"]?.string.map { "    " + sentence($0) } ?? ""
        return sentence(text + until) + remedy
    }

    /// Begins with a capital and ends with a full stop and the line.
    private static func sentence(_ text: String) -> String {
        let end = text.hasSuffix(".") ? "" : "."
        return text.prefix(1).uppercased() + text.dropFirst() + end + "\n"
    }
}
