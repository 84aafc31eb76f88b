package import DeliveryCore
import JSON

/// One call's question which accounts exist.
package struct AccountCheck: Sendable, Hashable {
    /// The identifiers that are asked about, as bytes: the administrator's name may be no account.
    package let identifiers: [[UInt8]]

    /// The most that one call may ask about.
    package static let limit = 100

    package init(identifiers: [[UInt8]]) {
        self.identifiers = identifiers
    }

    /// The questions about any number of accounts.
    package static func all(of accounts: [Account]) -> [AccountCheck] {
        stride(from: 0, to: accounts.count, by: limit).map { start in
            let part = accounts[start..<min(accounts.count, start + limit)]
            return AccountCheck(identifiers: part.map(\.bytes))
        }
    }

    /// The request.
    package var body: [UInt8] {
        JSONText.document {
            $0.objects("CheckItem", of: identifiers) { $0.field("UserID", utf8: $1) }
        }
    }
}
