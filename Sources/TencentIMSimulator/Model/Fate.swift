/// What an account's name says will become of it: the script of a test, written in its recipients.
///
/// `missing-…` doesn't exist; `err-CODE-…` is refused with that code always; `flaky-K-CODE-…` is
/// refused the first K times and accepted then; any call that holds a `poison-…` is refused as a
/// whole with 90012; every other account is accepted, and of `unclear-CODE-…` account_check learns
/// nothing but the code.
package enum Fate: Sendable, Hashable {
    case accepted
    case missing
    /// Any call that holds it is refused whole.
    case poison
    case refused(code: Int)
    case flaky(times: Int, code: Int)
    /// Accepted, though account_check answers a code instead of whether it exists.
    case unclear(code: Int)

    /// The code of an account that doesn't exist.
    package static let missingCode = 70107
    /// The code of a call that holds a poisonous account.
    package static let poisonCode = 90012

    /// Reads the fate from a name; a name that only resembles a script is accepted.
    package init(of account: some RandomAccessCollection<UInt8>) {
        // The first byte decides nearly always, and a drain asks a million times.
        switch account.first {
        case UInt8(ascii: "m") where account.starts(with: "missing-".utf8):
            self = .missing
        case UInt8(ascii: "p") where account.starts(with: "poison-".utf8):
            self = .poison
        case UInt8(ascii: "e") where account.starts(with: "err-".utf8):
            self = Self.code(account.dropFirst(4)).map(Fate.refused) ?? .accepted
        case UInt8(ascii: "u") where account.starts(with: "unclear-".utf8):
            self = Self.code(account.dropFirst(8)).map(Fate.unclear) ?? .accepted
        case UInt8(ascii: "f") where account.starts(with: "flaky-".utf8):
            self = Self.flaky(account.dropFirst(6)) ?? .accepted
        default:
            self = .accepted
        }
    }

    private static func code(_ rest: some RandomAccessCollection<UInt8>) -> Int? {
        guard let (code, _) = number(rest), code != 0 else { return nil }
        return code
    }

    private static func flaky(_ rest: some RandomAccessCollection<UInt8>) -> Fate? {
        guard let (times, behind) = number(rest), let code = code(behind) else { return nil }
        return .flaky(times: times, code: code)
    }

    /// A number and what stands behind its hyphen.
    private static func number<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes
    ) -> (Int, Bytes.SubSequence)? {
        guard let hyphen = bytes.firstIndex(of: UInt8(ascii: "-")),
            let value = Int(String(decoding: bytes[..<hyphen], as: UTF8.self)), value >= 0
        else { return nil }
        return (value, bytes[bytes.index(after: hyphen)...])
    }
}
