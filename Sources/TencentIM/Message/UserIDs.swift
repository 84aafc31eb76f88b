package import DeliveryCore

/// Tencent's rules for accounts, which are strings of a JSON array in `To_Account`.
package struct UserIDs: AccountRules {
    package static let byteLimit = 32

    package init() {}

    package var byteLimit: Int { Self.byteLimit }
    /// Two quotes and a comma.
    package var frameSize: Int { 3 }
    package var separatorSize: Int { 1 }
    package var missingCode: Int { 70_107 }

    package func size(of account: Account) -> Int {
        // Without control characters quotes and backslashes are all that is escaped.
        account.bytes.reduce(account.bytes.count + frameSize) {
            $0 + ($1 == 0x22 || $1 == 0x5C ? 1 : 0)
        }
    }
}
