import DeliveryCore

/// Tencent's rules for accounts, which are strings of a JSON array in `To_Account`.
package struct UserIDs: AccountRules {
    package static let byteLimit = 32

    package init() {}

    package var byteLimit: Int { Self.byteLimit }
    /// Two quotes and a comma.
    package var frameSize: Int { 3 }
    package var separatorSize: Int { 1 }
    package var missingCode: Int { 70_107 }

    package func size(of account: Span<UInt8>) -> Int {
        // Without control characters quotes and backslashes are all that is escaped.
        var size = account.count + frameSize
        for index in account.indices where account[index] == 0x22 || account[index] == 0x5C {
            size += 1
        }
        return size
    }
}
