package import DeliveryCore
package import DeliveryEngine
import JSON

/// batchsendmsg from Tencent's side: who may call, what a body may hold, how it is answered.
///
/// It takes what Tencent takes, with any number of accounts, and refuses with Tencent's codes;
/// behind the code's own words `ErrorInfo` says which field was meant.
package struct TencentGateway: Gateway {
    /// The present credentials: a reload may change them.
    private let credentials: @Sendable () -> AppCredentials
    private let rules = MessageTemplate(isLenient: true)

    package init(credentials: @escaping @Sendable () -> AppCredentials) {
        self.credentials = credentials
    }

    package let place = GatewayPlace(
        path: "/v4/openim/batchsendmsg",
        query: ["sdkappid", "identifier", "usersig", "random", "contenttype"],
        otherPaths: "/v4/{service}/{command}",
        prefix: "/v4/",
        name: "batchsendmsg"
    )

    // MARK: - Who calls

    /// Tencent's order: first the app, then the signature, then what the signer may do.
    package func caller(
        in query: [String: [UInt8]],
        now: Timestamp
    ) -> Result<String, GatewayRefusal> {
        let credentials = credentials()
        func text(_ name: String) -> String { String(decoding: query[name] ?? [], as: UTF8.self) }
        guard let app = Int(text("sdkappid")) else { return .failure(Self.refusal(60_012)) }
        guard app == credentials.sdkAppID else { return .failure(Self.refusal(60_006)) }
        let identifier = text("identifier")
        guard !identifier.isEmpty else { return .failure(Self.refusal(60_005)) }
        guard !text("usersig").isEmpty else { return .failure(Self.refusal(70_002)) }
        var signer = credentials
        signer.administrator = identifier
        let seconds = now.milliseconds / 1_000
        if let fault = UserSig.verify(text("usersig"), for: signer, at: seconds) {
            return .failure(Self.refusal(fault.rawValue))
        }
        // Byte for byte: two Unicode spellings of a name are two users.
        guard identifier.utf8.elementsEqual(credentials.administrator.utf8) else {
            return .failure(Self.refusal(90_009))
        }
        return .success(identifier)
    }

    // MARK: - What is called

    package func call(
        in body: [UInt8],
        packetLimit: Int
    ) -> Result<GatewayCall, GatewayRefusal> {
        var recipients = RecipientList(roomFor: body)
        let document: JSON
        do {
            // Escapes may take three times the bytes they stand for. What is within this and too
            // long all the same is refused by the message's own check.
            document = try JSON(
                parsing: body,
                keeping: 3 * packetLimit,
                showing: "To_Account"
            ) { recipients.add($0) }
        } catch let error where error.oversizedMember != nil {
            let detail =
                "beside To_Account a call may have \(packetLimit) bytes, and "
                + "/\(error.oversizedMember ?? "") goes beyond; see limits.packetBytes"
            return .failure(Self.refusal(93_000, detail))
        } catch {
            return .failure(Self.refusal(90_001, error.description))
        }
        guard document.members != nil else {
            return .failure(Self.refusal(90_001, "want an object, not \(document.kindName)"))
        }
        if let fault = recipients.fault(in: document["To_Account"]) {
            return .failure(Self.refusal(fault.code, fault.detail))
        }
        if let fault = Self.numbersFault(in: document) { return .failure(fault) }
        let message = document.without(Self.callFields)
        let compact = Self.compacted(message, in: body)
        switch rules.check(message, compact: compact, packetLimit: packetLimit) {
        case .failure(let refusal):
            return .failure(Self.refusal(refusal, document))
        case .success(let message):
            return .success(GatewayCall(message: message, recipients: recipients.run))
        }
    }

    /// The text of a message whose members stand in a call's body.
    private static func compacted(_ message: JSON, in body: [UInt8]) -> [UInt8] {
        JSONText { text in
            text.object {
                for member in message.members ?? [] {
                    let value = CompactJSON.compacted(body[member.value.range])
                    $0.field(named: member.name) { $0.raw(value) }
                }
            }
        }.bytes
    }

    /// What belongs to each call and not to the message.
    private static let callFields: Set = ["To_Account", "MsgSeq", "MsgRandom"]

    /// The call's own numbers: fanoutd draws others for its calls, but a client's must be right.
    private static func numbersFault(in document: JSON) -> GatewayRefusal? {
        if let fault = document["MsgSeq"].flatMap(Rule.count.fault) {
            return refusal(90_004, "/MsgSeq \(fault)")
        }
        guard let random = document["MsgRandom"] else {
            return refusal(90_005, "/MsgRandom is missing")
        }
        return Rule.count.fault(in: random).map { refusal(90_005, "/MsgRandom \($0)") }
    }

    // MARK: - What is answered

    package func acceptance(of campaign: Campaign.ID) -> [UInt8] {
        Self.envelope(status: "OK", code: 0, info: "", messageKey: "\(campaign)")
    }

    package func refusal(_ cause: GatewayRefusal.Cause) -> GatewayRefusal {
        switch cause {
        case .unknownCommand:
            Self.refusal(60_009, "fanoutd takes v4/openim/batchsendmsg only")
        case .tooLarge(let limit):
            Self.refusal(93_000, "http.gatewayMaxBodyBytes is \(limit)")
        case .running:
            Self.refusal(91_000, "the same call is being taken in; try again")
        case .standby(let leader):
            Self.refusal(
                60_008,
                "this node stands by, try again"
                    + (leader.map { "; the leader is at \($0)" } ?? " at another node")
            )
        case .queue(.full(let text)), .queue(.failed(let text)):
            Self.refusal(91_000, "nothing was stored: \(text)")
        }
    }

    private static func refusal(_ code: Int, _ detail: String? = nil) -> GatewayRefusal {
        let words = ownWords[code] ?? CodeTable.words(for: code) ?? "error \(code)"
        let info = detail.map { "\(words) (\($0))" } ?? words
        return GatewayRefusal(
            answer: envelope(status: "FAIL", code: code, info: info),
            summary: "\(code) \(info)"
        )
    }

    /// What Tencent itself says, where that is known: programs may look for it.
    private static let ownWords = [
        60_009: "unknown command",
        90_001: "Fail to Parse json data of body, Please check it",
        90_012: "invalid To_Account",
    ]

    private static func envelope(
        status: String,
        code: Int,
        info: String,
        messageKey: String? = nil
    ) -> [UInt8] {
        JSONText { text in
            text.object {
                $0.field("ActionStatus", status)
                $0.field("ErrorInfo", info)
                $0.field("ErrorCode", code)
                if let messageKey { $0.field("MsgKey", messageKey) }
            }
        }.bytes
    }
}

// MARK: - Which code a fault of the message has

extension TencentGateway {
    private static func refusal(_ faults: MessageFaults, _ document: JSON) -> GatewayRefusal {
        guard let first = faults.faults.first else { return refusal(90_010) }
        let place = first.pointer.isEmpty ? "the message" : first.pointer
        return refusal(code(of: first, in: document), "\(place) \(first.detail)")
    }

    private static func code(of fault: FieldCheck.Fault, in document: JSON) -> Int {
        let parts = fault.pointer.split(separator: "/")
        switch parts.first {
        case nil: return 93_000
        case "From_Account": return 90_008
        case "SyncOtherMachine": return 90_031
        case "MsgLifeTime": return document["MsgLifeTime"]?.integer == nil ? 90_044 : 90_026
        case "MsgBody":
            // The array itself, one of its elements, or something in that.
            switch parts.count {
            case 1: return 90_007
            case 2: return 90_002
            case 3 where fault.detail == "is missing": return 90_002
            default: return 90_010
            }
        default: return 90_010
        }
    }
}

/// The accounts of a call, as they are read.
private struct RecipientList {
    private(set) var run = AccountRun()
    private var firstFault: String?
    private var index = 0

    /// Sets aside what the accounts of a body can take at most.
    ///
    /// Memory that isn't touched costs nothing, while growing by doubling would hold three times
    /// the run for a moment.
    init(roomFor body: [UInt8]) {
        // The shortest account takes four bytes, with its quotes and comma.
        run.reserve(bytes: body.count, accounts: body.count / 4)
    }

    mutating func add(_ element: JSON) {
        defer { index += 1 }
        if let fault = Rule.account.fault(in: element) {
            firstFault = firstFault ?? "/To_Account/\(index) \(fault)"
        } else {
            run.append(element.stringBytes ?? [])
        }
    }

    func fault(in field: JSON?) -> (code: Int, detail: String)? {
        guard let field else { return (90_003, "/To_Account is missing") }
        if let fault = Rule.array(of: "accounts").fault(in: field) {
            return (90_003, "/To_Account \(fault)")
        }
        if let firstFault { return (90_012, firstFault) }
        return run.isEmpty ? (90_003, "/To_Account is empty") : nil
    }
}
