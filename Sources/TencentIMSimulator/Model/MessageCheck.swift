import DeliveryCore
import JSON

/// The provider's checks of a message's fields.
///
/// They follow its documentation and share no table with the daemon's own, so that a mistake of
/// one shows against the other.
enum MessageCheck {
    /// The code of the first fault; nil if there is none.
    static func fault(in json: JSON) -> Int? {
        sender(json["From_Account"]) ?? rules.first { name, rule, _ in
            json[name].map(rule.admits) == false
        }?.code ?? control(json["SendMsgControl"]) ?? body(json["MsgBody"])
    }

    static func isAccount(_ bytes: [UInt8]) -> Bool {
        bytes.count <= 32 && Account.fault(in: bytes) == nil
    }

    private static func sender(_ field: JSON?) -> Int? {
        guard let field else { return nil }
        guard let bytes = field.stringBytes, isAccount(bytes), Fate(of: bytes) != .missing else {
            return 90008
        }
        return nil
    }

    private static let rules: [(name: String, rule: Rule, code: Int)] = [
        ("MsgSeq", .integer(0...Int(UInt32.max)), 90004),
        ("SyncOtherMachine", .oneOf([1, 2]), 90010), ("OnlineOnlyFlag", .oneOf([0, 1]), 90010),
        ("IsNeedReadReceipt", .oneOf([0, 1]), 90010), ("MsgLifeTime", .integer(0...604_800), 90026),
        ("CloudCustomData", .string, 90010), ("OfflinePushInfo", .object, 90010),
    ]

    private static let controls = Rule.choice([
        "NoUnread", "NoLastMsg", "WithMuteNotifications", "NoMsgCheck",
    ])

    private static func control(_ field: JSON?) -> Int? {
        guard let field else { return nil }
        return field.elements?.allSatisfy(controls.admits) == true ? nil : 90010
    }

    private static func body(_ field: JSON?) -> Int? {
        guard let elements = field?.elements, !elements.isEmpty else { return 90007 }
        if let code = elements.lazy.compactMap(element).first { return code }
        let custom = elements.count { $0["MsgType"]?.string == "TIMCustomElem" }
        return custom > 1 ? 90010 : nil
    }

    private static func element(_ element: JSON) -> Int? {
        guard let type = element["MsgType"]?.string, let content = element["MsgContent"],
            content.members != nil
        else { return 90002 }
        guard let wanted = fields[type] else { return 90010 }
        return wanted.allSatisfy { content[$0.name].map($0.rule.admits) == true } ? nil : 90010
    }

    /// The eight documented elements, each with what it can't do without.
    private static let fields: [String: [FieldCheck.Field]] = [
        "TIMTextElem": [.init("Text", .string)],
        "TIMLocationElem": [.init("Latitude", .number()), .init("Longitude", .number())],
        "TIMFaceElem": [.init("Index", .number())],
        "TIMCustomElem": [],
        "TIMSoundElem": [.init("Url", .string)],
        "TIMImageElem": [.init("ImageInfoArray", .array(of: "objects"))],
        "TIMFileElem": [.init("Url", .string)],
        "TIMVideoFileElem": [.init("VideoUrl", .string)],
    ]
}
