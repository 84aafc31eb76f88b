package import DeliveryCore
import JSON

/// The body of one call: the accounts and the call's own numbers, as MsgSeq and MsgRandom, before the
/// encoded message.
package enum RequestBody {
    private static let beforeAccounts = Array(#"{"To_Account":["#.utf8)
    private static let beforeSequence = Array(#"],"MsgSeq":"#.utf8)
    private static let beforeRandom = Array(#","MsgRandom":"#.utf8)
    /// The most accounts that a call takes.
    package static let accountLimit = 500
    /// The most bytes that a body may have.
    package static let byteLimit = 12_288
    /// The digits of the largest u32.
    private static let numberDigits = 10

    /// What a body takes without its accounts when the message's JSON has so many bytes.
    ///
    /// The message's opening brace becomes the comma behind the numbers.
    package static func overhead(messageByteCount: Int) -> Int {
        beforeAccounts.count + beforeSequence.count + beforeRandom.count + 2 * numberDigits
            + messageByteCount
    }

    /// A batch's whole request.
    ///
    /// Accounts are appended as bytes behind one look at whether anything needs an escape: an
    /// encoder of values takes twenty times as long for 500 of them.
    package static func encode(_ batch: Batch) -> [UInt8] {
        var body: [UInt8] = []
        let accountBytes = batch.accounts.reduce(0) { $0 + $1.bytes.count * 2 + 3 }
        body.reserveCapacity(batch.message.packetOverhead + accountBytes)
        body += beforeAccounts
        for (index, account) in batch.accounts.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            append(account, to: &body)
        }
        body += beforeSequence
        body += Array(String(batch.numbers.sequence).utf8)
        body += beforeRandom
        body += Array(String(batch.numbers.random).utf8)
        body.append(UInt8(ascii: ","))
        body += batch.message.json.dropFirst()
        return body
    }

    private static func append(_ account: Account, to body: inout [UInt8]) {
        // An account has no control characters, so these two are all that can need an escape.
        let needsEscape = account.bytes.contains { $0 == 0x22 || $0 == 0x5C }
        guard !needsEscape else {
            JSONText.appendString(account.bytes, to: &body)
            return
        }
        body.append(UInt8(ascii: "\""))
        body += account.bytes
        body.append(UInt8(ascii: "\""))
    }
}
