import Codecs
package import DeliveryCore

/// Where a list goes on, as the client holds it: opaque, and good across restarts.
package enum Cursor: Hashable {
    case campaign(Campaign.ID)
    case account(Account)

    /// The first byte says how to read the rest, so that a later form can tell itself apart.
    private static let campaignMark: UInt8 = 0x01
    private static let accountMark: UInt8 = 0x02

    package var text: String {
        let bytes =
            switch self {
            case .campaign(let id):
                [Self.campaignMark] + UUIDBytes.encode(high: id.high, low: id.low)
            case .account(let account): [Self.accountMark] + account.bytes
            }
        return Base64.encode(bytes, .url)
    }

    package init?(_ text: String) {
        guard let bytes = Base64.decode(text.utf8, .url), let mark = bytes.first else {
            return nil
        }
        let content = Array(bytes.dropFirst())
        switch mark {
        case Self.campaignMark:
            guard let (high, low) = UUIDBytes.decode(content) else { return nil }
            self = .campaign(Campaign.ID(high: high, low: low))
        case Self.accountMark where Account.fault(in: content) == nil:
            self = .account(Account(checked: content))
        default:
            return nil
        }
    }
}
