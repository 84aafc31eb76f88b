/// One value as it was written, before anyone knows what it is meant to be.
package struct ConfigurationScalar: Sendable, Hashable {
    package let text: String
    package let style: Style

    package enum Style: Sendable, Hashable {
        /// In the file, without quotes: a number, a boolean or nothing looks like one.
        case plain
        /// In the file, in quotes or as a block: always text.
        case quoted
        /// In the environment, where everything is text and means what its key wants.
        case environment
    }

    package init(_ text: String, style: Style) {
        self.text = text
        self.style = style
    }

    /// Whether nothing is given, as in `key:`, `key: null` or an empty variable.
    package var isNothing: Bool {
        switch style {
        case .plain: ["", "~", "null", "Null", "NULL"].contains(text)
        case .quoted: false
        case .environment: text.isEmpty
        }
    }

    /// A whole number; `12_000` is one too.
    package var integer: Int? {
        guard style != .quoted, let first = text.utf8.first, first != UInt8(ascii: "_") else {
            return nil
        }
        return Int(text.replacing("_", with: ""))
    }

    package var number: Double? {
        guard style != .quoted, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    package var flag: Bool? {
        guard style != .quoted else { return nil }
        return switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// Text; an unquoted number or boolean of the file is none.
    package var string: String? {
        guard !text.isEmpty, !isNothing else { return nil }
        if style == .plain, flag != nil || integer != nil || number != nil { return nil }
        return text
    }

    /// What it looks like, for messages.
    package var kindName: String {
        if isNothing { return "nothing" }
        guard style == .plain else { return "text" }
        if flag != nil { return "a boolean" }
        if integer != nil || number != nil { return "a number" }
        return "text"
    }

    /// Text as YAML takes it back as text.
    static func quoted(_ text: String) -> String {
        let isPlain =
            ConfigurationScalar(text, style: .plain).string != nil
            && text.first.map { $0.isLetter || $0.isNumber || $0 == "/" } == true
            && text.utf8.allSatisfy(isPlainByte) && !text.hasSuffix(":")
        return isPlain ? text : "'" + text.replacing("'", with: "''") + "'"
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._-/:@+".utf8.contains(byte)
        }
    }
}
