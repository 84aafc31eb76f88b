package import DeliveryCore

/// Where a list goes on, as the client holds it: opaque, and good across restarts.
package enum Cursor: Hashable {
    case campaign(Campaign.ID)
    case account(Account)

    /// The first byte says how to read the rest, so that a later form can tell itself apart.
    private static let campaignMark: UInt8 = 0x01
    private static let accountMark: UInt8 = 0x02

    package var text: String {
        switch self {
        case .campaign(let id):
            base64URL([Self.campaignMark] + bytes(of: id.high) + bytes(of: id.low))
        case .account(let account):
            base64URL([Self.accountMark] + account.bytes)
        }
    }

    package init?(_ text: String) {
        guard let bytes = bytes(ofBase64URL: text), let mark = bytes.first else { return nil }
        let content = Array(bytes.dropFirst())
        switch mark {
        case Self.campaignMark where content.count == 16:
            self = .campaign(
                Campaign.ID(high: number(of: content[..<8]), low: number(of: content[8...]))
            )
        case Self.accountMark where Account.fault(in: content) == nil:
            self = .account(Account(checked: content))
        default:
            return nil
        }
    }
}

private func bytes(of number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
}

private func number(of bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

private let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
)

private func base64URL(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var pending: UInt32 = 0
    var count: UInt32 = 0
    for byte in bytes {
        pending = pending << 8 | UInt32(byte)
        count += 8
        while count >= 6 {
            count -= 6
            text.append(alphabet[Int(pending >> count & 0x3F)])
        }
    }
    if count > 0 { text.append(alphabet[Int(pending << (6 - count) & 0x3F)]) }
    return String(decoding: text, as: UTF8.self)
}

/// Strict: no padding, no other alphabet, and no bits set that stand for nothing.
private func bytes(ofBase64URL text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var count: UInt32 = 0
    for character in text.utf8 {
        guard let value = alphabet.firstIndex(of: character) else { return nil }
        pending = pending << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> count))
        }
    }
    guard count < 6, pending & (1 << count - 1) == 0 else { return nil }
    return bytes
}
