/// A provider's limit on accounts, and the room that an account takes in its requests.
package protocol AccountRules: Sendable {
    /// The longest account, in bytes.
    var byteLimit: Int { get }
    /// Bytes that an account takes in a request beside its own, if none of them is escaped.
    var frameSize: Int { get }
    /// The part of `frameSize` that separates two accounts; the last account has none.
    var separatorSize: Int { get }

    /// The code that an account has which doesn't exist.
    var missingCode: Int { get }

    /// The bytes that an account takes in a request, its frame included; claims ask for every
    /// account.
    func size(of account: Span<UInt8>) -> Int
}

extension AccountRules {
    package func size(of account: Account) -> Int { size(of: account.bytes.span) }

    /// What is wrong with these bytes, in words; nil if they are an account.
    package func fault(in bytes: some RandomAccessCollection<UInt8>) -> String? {
        if bytes.count > byteLimit { return tooLong(byteCount: bytes.count) }
        return switch Account.fault(in: bytes) {
        case nil: nil
        case .empty: "an account has 1 to \(byteLimit) bytes, this one is empty"
        case .controlCharacter: "an account holds no control characters"
        case .invalidUTF8: "an account is UTF-8 text, these bytes are not"
        }
    }

    /// The fault of an account that has more bytes than allowed.
    package func tooLong(byteCount: Int) -> String {
        "an account has at most \(byteLimit) bytes, this one has \(byteCount)"
    }
}
