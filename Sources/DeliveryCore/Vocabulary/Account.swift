/// The provider's name of one recipient: UTF-8 that isn't empty and holds no control characters.
///
/// Each provider's `AccountRules` bound its length.
///
/// Accounts are bytes. They are compared, ordered and looked up byte for byte, never normalised:
/// `String ==` would merge two Unicode spellings that are two users at the provider.
package struct Account: Hashable, Comparable, Sendable {
    package let bytes: [UInt8]

    /// Why bytes are no account under any provider's rules.
    package enum Fault: Hashable, Sendable {
        case empty
        case controlCharacter
        case invalidUTF8
    }

    /// Takes bytes that intake has checked.
    package init(checked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Takes a literal of a test or an example; a precondition fails if it is no account.
    package init(_ string: String) {
        let bytes = Array(string.utf8)
        precondition(Self.fault(in: bytes) == nil, "\(string) is no account")
        self.bytes = bytes
    }

    /// What is wrong with these bytes, nil if they are an account.
    package static func fault(in bytes: some RandomAccessCollection<UInt8>) -> Fault? {
        guard !bytes.isEmpty else { return .empty }
        var isASCII = true
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F { return .controlCharacter }
            if byte >= 0x80 { isASCII = false }
        }
        if isASCII { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .invalidUTF8 }
        // The controls U+0080 to U+009F, which take two bytes.
        let hasControl = text.unicodeScalars.contains { (0x80..<0xA0).contains($0.value) }
        return hasControl ? .controlCharacter : nil
    }

    /// The account as text; its bytes are UTF-8 by construction.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func < (lhs: Account, rhs: Account) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}
