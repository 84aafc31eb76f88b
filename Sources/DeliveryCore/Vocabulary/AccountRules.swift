/// What a provider takes as an account, and what an account takes of its requests.
package protocol AccountRules: Sendable {
    /// The longest account, in bytes.
    var byteLimit: Int { get }
    /// What an account takes of a request beside its own bytes, where none of them is escaped.
    var frameSize: Int { get }
    /// The part of that which stands between two accounts: behind the last there is none.
    var separatorSize: Int { get }

    /// The bytes that an account takes of a request, its frame included.
    ///
    /// Claims ask this for every account.
    func size(of account: Account) -> Int
}

extension AccountRules {
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

    /// What to say of more bytes than an account may have.
    package func tooLong(byteCount: Int) -> String {
        "an account has at most \(byteLimit) bytes, this one has \(byteCount)"
    }
}
