/// Bytes that must not be shown: printing a secret prints `(redacted)`.
package struct Secret: Sendable, Equatable {
    /// The secret itself, for signing and comparing.
    package let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The secret as text, for a header or a library that wants a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(redacted)" }
    package var debugDescription: String { description }
    /// `dump` and `String(reflecting:)` show a type's stored properties unless it has a mirror of
    /// its own.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Finds secrets in text that may be printed.
package enum Redaction {
    /// Whether the last word of a text has the form of a key or a token.
    package static func looksSecret(_ text: String) -> Bool {
        isSecret(text.split(separator: "/").last ?? "")
    }

    /// A text without the words that have the form of a key or a token.
    package static func redact(_ text: String) -> String {
        var redacted = ""
        var rest = text[...]
        while let start = rest.firstIndex(where: isOfWord) {
            redacted += rest[..<start]
            let word = rest[start...].prefix(while: isOfWord)
            redacted += isSecret(word) ? "(redacted, it looks like a secret)" : String(word)
            rest = rest[word.endIndex...]
        }
        return redacted + rest
    }

    /// A long run of hexadecimal digits, or a longer one of mixed letters and digits as Base64 has it;
    /// names made by people have shorter parts or one kind of letters.
    private static func isSecret(_ word: Substring) -> Bool {
        guard word.count >= 32, word.allSatisfy(isOfWord) else { return false }
        if word.allSatisfy(\.isHexDigit) { return true }
        return word.count >= 40 && word.contains(where: \.isNumber)
            && word.contains(where: \.isUppercase) && word.contains(where: \.isLowercase)
            && word.count { "-_".contains($0) } <= word.count / 12
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
            || "+=-_".contains(character)
    }
}
