/// The provider's name of one recipient: 1 to 32 bytes of UTF-8 without control characters.
///
/// Accounts are bytes. They are compared, ordered and looked up byte for byte, never normalised:
/// `String ==` would merge two Unicode spellings that are two users at the provider.
package struct Account: Hashable, Comparable, Sendable {
    package let bytes: [UInt8]

    /// The longest account the provider takes, in bytes.
    package static let byteLimit = 32

    /// Why some bytes are no account.
    package enum Fault: Error, Hashable, Sendable {
        case empty
        case tooLong(byteCount: Int)
        case controlCharacter
        case invalidUTF8
    }

    /// Checks bytes that came from outside.
    package init(checking bytes: [UInt8]) throws(Fault) {
        if let fault = Self.fault(in: bytes) {
            throw fault
        }
        self.bytes = bytes
    }

    /// Takes bytes that were checked before, when they came in.
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
        guard bytes.count <= byteLimit else { return .tooLong(byteCount: bytes.count) }
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

    /// The bytes this account takes in a request's list: quotes, escapes and one comma included.
    package var encodedSize: Int {
        bytes.reduce(bytes.count + 3) { $0 + ($1 == 0x22 || $1 == 0x5C ? 1 : 0) }
    }

    package static func < (lhs: Account, rhs: Account) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension Account.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "an account has 1 to 32 bytes, this one is empty"
        case .tooLong(let count): "an account has at most 32 bytes, this one has \(count)"
        case .controlCharacter: "an account holds no control characters"
        case .invalidUTF8: "an account is UTF-8 text, these bytes are not"
        }
    }
}
