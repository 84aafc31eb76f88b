package import DeliveryCore
package import DeliveryEngine
package import JSON

/// Tencent's rules for the `message` object: what batchsendmsg takes, less what is the daemon's.
package struct MessageTemplate: MessageRules {
    /// Whether fields that no page documents pass as written, as they do at Tencent.
    private let isLenient: Bool

    package init(isLenient: Bool = false) {
        self.isLenient = isLenient
    }

    package func check(
        _ message: JSON,
        in text: [UInt8],
        packetLimit: Int
    ) -> Result<CheckedMessage, MessageFaults> {
        let compact = CompactJSON.compacted(text[message.range])
        return check(message, compact: compact, packetLimit: packetLimit)
    }

    /// Checks a message whose text was compacted already.
    func check(
        _ message: JSON,
        compact: [UInt8],
        packetLimit: Int
    ) -> Result<CheckedMessage, MessageFaults> {
        var check = FieldCheck()
        self.message(message, &check)
        let overhead = RequestBody.overhead(messageByteCount: compact.count)
        let room = packetLimit - Self.largestAccount
        if overhead > room {
            check.fault(
                "",
                "makes a request of \(overhead) bytes before its first account; at most \(room) "
                    + "leave room for one account in a packet of \(packetLimit) bytes"
            )
        }
        guard check.faults.isEmpty else { return .failure(MessageFaults(check.faults)) }
        return .success(CheckedMessage(json: compact, packetOverhead: overhead))
    }

    package var accounts: any AccountRules { UserIDs() }
    package let content = "the fields of batchsendmsg"

    package func leavesHistory(_ message: CheckedMessage) -> Bool { message.leavesHistory }

    package func describe(code: Int) -> String? { CodeTable.words(for: code) }

    package func mayPass(code: Int) -> Bool {
        switch CodeTable.codeClass(of: code) {
        case .retryable, .throttled, .credentialsExpired, .credentials, .service: true
        case .accepted, .recipient, .recipientsUnconfirmed, .campaign, .tooLarge, nil: false
        }
    }

    /// The longest account, each byte of it escaped, with its quotes and comma.
    private static let largestAccount = 2 * UserIDs.byteLimit + UserIDs().frameSize

    private static let fields: [FieldCheck.Field] = [
        .init("SyncOtherMachine", .oneOf([1, 2])),
        .init("From_Account", .account),
        .required("MsgBody", .anything),
        .init("OnlineOnlyFlag", .oneOf([0, 1])),
        .init("MsgLifeTime", .integer(0...604_800)),
        .init("CloudCustomData", .string),
        .init("SendMsgControl", .anything),
        .init("OfflinePushInfo", .object),
        .init("IsNeedReadReceipt", .oneOf([0, 1])),
    ]
    private static let daemonFields: Set = ["To_Account", "MsgRandom", "MsgSeq"]
    private static let controls = [
        "NoUnread", "NoLastMsg", "WithMuteNotifications", "NoMsgCheck",
    ]

    private func message(_ json: JSON, _ check: inout FieldCheck) {
        check.object(
            json,
            at: "",
            fields: Self.fields,
            unknown: complaint { Self.unknownField($0) }
        )
        if let body = json["MsgBody"] { elements(body, &check) }
        if let controls = json["SendMsgControl"] { Self.sendControls(controls, &check) }
    }

    /// What to say about fields that no page documents; nil to let them pass.
    private func complaint(_ words: @escaping (String) -> String) -> ((String) -> String)? {
        isLenient ? nil : words
    }

    private static func unknownField(_ name: String) -> String {
        daemonFields.contains(name)
            ? "is the daemon's, which sets it for each call: leave it out"
            : "no such field; a message has \(fields.map(\.name).joined(separator: ", "))"
    }

    private static func sendControls(_ json: JSON, _ check: inout FieldCheck) {
        let place = "/SendMsgControl"
        check.value(json, at: place, .array(of: "strings"))
        for (index, element) in (json.elements ?? []).enumerated() {
            check.value(element, at: "\(place)/\(index)", .choice(controls))
        }
    }

    private func elements(_ json: JSON, _ check: inout FieldCheck) {
        check.value(json, at: "/MsgBody", .array(of: "elements"))
        guard let elements = json.elements else { return }
        if elements.isEmpty { check.fault("/MsgBody", "want at least one element") }
        var hasCustom = false
        for (index, item) in elements.enumerated() {
            let pointer = "/MsgBody/\(index)"
            element(item, at: pointer, &check)
            guard item["MsgType"]?.string == "TIMCustomElem" else { continue }
            if hasCustom {
                check.fault(pointer, "a message has at most one TIMCustomElem")
            }
            hasCustom = true
        }
    }

    private func element(_ json: JSON, at pointer: String, _ check: inout FieldCheck) {
        check.object(
            json,
            at: pointer,
            fields: [.required("MsgContent", .object), .required("MsgType", .anything)],
            unknown: complaint { _ in "no such field; an element has MsgType and MsgContent" }
        )
        guard let type = json["MsgType"] else { return }
        let place = pointer + "/MsgContent"
        guard check.value(type, at: pointer + "/MsgType", .choice(ElementFields.typeNames)),
            let name = type.string, let content = ElementFields.byType[name],
            let value = json["MsgContent"], value.members != nil
        else { return }
        check.object(value, at: place, fields: content)
        if name == "TIMImageElem", let images = value["ImageInfoArray"] {
            Self.pictures(images, at: place + "/ImageInfoArray", &check)
        }
    }

    private static func pictures(_ json: JSON, at pointer: String, _ check: inout FieldCheck) {
        check.value(json, at: pointer, .array(of: "objects"))
        for (index, element) in (json.elements ?? []).enumerated() {
            check.object(element, at: "\(pointer)/\(index)", fields: ElementFields.imageInfo)
        }
    }
}
