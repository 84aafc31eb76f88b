import DeliveryCore
import DeliveryEngine
import JSON
import TencentIM

func makeCredentials(
    sdkAppID: Int = 1_400_000_000,
    administrator: String = "administrator",
    key: String = "5bd2850fff3ecb11"
) -> AppCredentials {
    AppCredentials(
        sdkAppID: sdkAppID,
        administrator: administrator,
        key: SecretKey(key)
    )
}

/// A text by the rules for messages; what is no JSON is as bad as a message with a fault.
func checkMessage(
    _ text: [UInt8],
    limit: Int = 12_000
) -> Result<CheckedMessage, MessageFaults> {
    do {
        return MessageTemplate().check(try JSON(parsing: text), in: text, packetLimit: limit)
    } catch {
        return .failure(MessageFaults([.init(pointer: "", detail: "\(error)")]))
    }
}

func makeMessage(text: String = "hi") -> CheckedMessage {
    let json = #"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\#(text)"}}]}"#
    guard case .success(let message) = checkMessage(Array(json.utf8)) else {
        preconditionFailure("\(text) makes no message")
    }
    return message
}

func makeBatch(
    accounts: [Account] = [Account("bonnie"), Account("rong")],
    message: CheckedMessage = makeMessage(),
    sequence: UInt32 = 7,
    random: UInt32 = 9
) -> Batch {
    Batch(
        id: Batch.ID(rawValue: 1),
        campaign: Campaign.ID(high: 1, low: 1),
        message: message,
        accounts: AccountRun(accounts),
        numbers: CallNumbers(sequence: sequence, random: random)
    )
}

/// One to three random edits of some bytes.
func mutated(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        let position = Int.random(in: 0..<max(bytes.count, 1), using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where !bytes.isEmpty: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1 where !bytes.isEmpty: bytes.remove(at: position)
        case 2: bytes = Array(bytes.prefix(position))
        default:
            let piece = Array("{}[]\",:\\u0e-9nul".utf8).randomElement(using: &random)
            bytes.insert(piece ?? 0, at: min(position, bytes.count))
        }
    }
    return bytes
}
