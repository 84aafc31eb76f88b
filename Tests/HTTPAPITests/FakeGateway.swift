import DeliveryCore
import DeliveryEngine

/// A gateway whose language is plain words: `identifier` names the caller, and a body is its accounts,
/// one a line, or `bad`.
struct FakeGateway: Gateway {
    let place = GatewayPlace(
        path: "/v4/openim/batchsendmsg",
        query: ["sdkappid", "identifier", "usersig", "random", "contenttype"],
        otherPaths: "/v4/{service}/{command}",
        prefix: "/v4/",
        name: "batchsendmsg"
    )

    func caller(
        in query: [String: [UInt8]],
        now: Timestamp
    ) -> Result<String, GatewayRefusal> {
        guard let name = query["identifier"] else { return .failure(Self.refusal("stranger")) }
        return .success(String(decoding: name, as: UTF8.self))
    }

    func call(in body: [UInt8], packetLimit: Int) -> Result<GatewayCall, GatewayRefusal> {
        let text = String(decoding: body, as: UTF8.self)
        guard text != "bad" else { return .failure(Self.refusal("bad body")) }
        let accounts = text.split(separator: "\n").map { Account(String($0)) }
        // An account of this name asks for a message that no history keeps.
        let message = text.hasPrefix("online") ? #"{"OnlineOnlyFlag":1}"# : "{}"
        return .success(
            GatewayCall(
                message: CheckedMessage(json: Array(message.utf8), packetOverhead: 100),
                recipients: AccountRun(accounts)
            )
        )
    }

    func acceptance(of campaign: Campaign.ID) -> [UInt8] { Array("taken \(campaign)".utf8) }

    func refusal(_ cause: GatewayRefusal.Cause) -> GatewayRefusal {
        switch cause {
        case .unknownCommand: Self.refusal("unknown command")
        case .tooLarge(let limit): Self.refusal("over \(limit)")
        case .running: Self.refusal("running")
        case .standby(let leader): Self.refusal("standby \(leader ?? "nowhere")")
        case .queue: Self.refusal("queue")
        }
    }

    private static func refusal(_ text: String) -> GatewayRefusal {
        GatewayRefusal(answer: Array(text.utf8), summary: text)
    }
}
