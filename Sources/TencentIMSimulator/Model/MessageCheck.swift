import DeliveryCore
import JSON

/// The provider's checks of a message's fields.
///
/// They follow its documentation and share nothing with the daemon's own, so that a mistake of
/// one shows against the other.
enum MessageCheck {
    /// The code of the first fault; nil if there is none.
    static func fault(in json: JSON) -> Int? {
        sender(json["From_Account"])
            ?? number(json["MsgSeq"], in: 0...Int(UInt32.max), else: 90004)
            ?? number(json["SyncOtherMachine"], in: 1...2, else: 90010)
            ?? number(json["OnlineOnlyFlag"], in: 0...1, else: 90010)
            ?? number(json["IsNeedReadReceipt"], in: 0...1, else: 90010)
            ?? number(json["MsgLifeTime"], in: 0...604_800, else: 90026)
            ?? text(json["CloudCustomData"])
            ?? control(json["SendMsgControl"])
            ?? push(json["OfflinePushInfo"])
            ?? body(json["MsgBody"])
    }

    static func isAccount(_ bytes: [UInt8]) -> Bool {
        Account.fault(in: bytes) == nil
    }

    private static func sender(_ field: JSON?) -> Int? {
        guard let field else { return nil }
        guard let bytes = field.stringBytes, isAccount(bytes), Fate(of: bytes) != .missing else {
            return 90008
        }
        return nil
    }

    private static func number(_ field: JSON?, in range: ClosedRange<Int>, else code: Int) -> Int? {
        guard let field else { return nil }
        guard let value = field.integer, range.contains(value) else { return code }
        return nil
    }

    private static func text(_ field: JSON?) -> Int? {
        field == nil || field?.stringBytes != nil ? nil : 90010
    }

    private static let controls: Set<String> = [
        "NoUnread", "NoLastMsg", "WithMuteNotifications", "NoMsgCheck",
    ]

    private static func control(_ field: JSON?) -> Int? {
        guard let field else { return nil }
        let words = field.elements?.map(\.string)
        guard let words, words.allSatisfy({ $0.map(controls.contains) ?? false }) else {
            return 90010
        }
        return nil
    }

    private static func push(_ field: JSON?) -> Int? {
        field == nil || field?.members != nil ? nil : 90010
    }

    private static func body(_ field: JSON?) -> Int? {
        guard let elements = field?.elements, !elements.isEmpty else { return 90007 }
        for element in elements {
            if let code = self.element(element) { return code }
        }
        let custom = elements.count { $0["MsgType"]?.string == "TIMCustomElem" }
        return custom > 1 ? 90010 : nil
    }

    private static func element(_ element: JSON) -> Int? {
        guard let type = element["MsgType"]?.string, let content = element["MsgContent"],
            content.members != nil
        else { return 90002 }
        guard let wanted = fields[type] else { return 90010 }
        return wanted.allSatisfy { $0.holds(content) } ? nil : 90010
    }

    private enum Field {
        case text(String)
        case number(String)
        case list(String)

        /// Whether the content has the field, of the right type.
        func holds(_ content: JSON) -> Bool {
            switch self {
            case .text(let name): content[name]?.stringBytes != nil
            case .number(let name): content[name]?.double != nil
            case .list(let name): content[name]?.elements != nil
            }
        }
    }

    /// The eight documented elements, each with what it can't do without.
    private static let fields: [String: [Field]] = [
        "TIMTextElem": [.text("Text")],
        "TIMLocationElem": [.number("Latitude"), .number("Longitude")],
        "TIMFaceElem": [.number("Index")],
        "TIMCustomElem": [],
        "TIMSoundElem": [.text("Url")],
        "TIMImageElem": [.list("ImageInfoArray")],
        "TIMFileElem": [.text("Url")],
        "TIMVideoFileElem": [.text("VideoUrl")],
    ]
}
