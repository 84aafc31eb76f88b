package import DeliveryCore
import Glibc
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
    /// Accounts are appended as bytes behind one look at whether any needs an escape: an
    /// encoder of values takes twenty times as long for 500 of them.
    package static func encode(_ batch: Batch) -> [UInt8] {
        var body: [UInt8] = []
        let accountBytes = batch.accounts.bytes.count * 2 + batch.accounts.count * 3
        body.reserveCapacity(batch.message.packetOverhead + accountBytes)
        body += beforeAccounts
        append(batch.accounts, to: &body)
        body += beforeSequence
        body += Array(String(batch.numbers.sequence).utf8)
        body += beforeRandom
        body += Array(String(batch.numbers.random).utf8)
        body.append(UInt8(ascii: ","))
        body += batch.message.json.dropFirst()
        return body
    }

    /// Appends the accounts in quotes, with commas between them.
    private static func append(_ accounts: AccountRun, to body: inout [UInt8]) {
        guard needsEscape(accounts.bytes) else {
            body += framed(accounts)
            return
        }
        for index in accounts.indices {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            JSONText.appendString(accounts.bytes(at: index), to: &body)
        }
    }

    /// Whether any account has a quote or a backslash: without control characters these two are all
    /// that can need an escape.
    private static func needsEscape(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe memchr(start, 0x22, bytes.count) != nil
                || memchr(start, 0x5C, bytes.count) != nil
        }
    }

    /// Accounts that need no escape, in quotes and with commas between them.
    private static func framed(_ accounts: AccountRun) -> [UInt8] {
        let size = accounts.bytes.count + 3 * accounts.count
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, end in
            let framed = UnsafeMutableRawBufferPointer(buffer)
            unsafe accounts.bytes.withUnsafeBytes { bytes in
                for index in accounts.indices {
                    let account = unsafe UnsafeRawBufferPointer(
                        rebasing: bytes[accounts.range(at: index)]
                    )
                    if end > 0 {
                        unsafe framed[end] = UInt8(ascii: ",")
                        end += 1
                    }
                    unsafe framed[end] = UInt8(ascii: "\"")
                    let place = (end + 1)..<(end + 1 + account.count)
                    unsafe UnsafeMutableRawBufferPointer(rebasing: framed[place])
                        .copyMemory(from: account)
                    unsafe framed[place.upperBound] = UInt8(ascii: "\"")
                    end = place.upperBound + 1
                }
            }
        }
    }
}
