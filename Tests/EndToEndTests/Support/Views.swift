import JSON

/// A campaign's counters.
struct Counts: Equatable {
    var byStatus: [String: Int]
    var total: Int
    var resent: Int

    init(_ campaign: JSON) {
        let members = campaign["counts"]?.members ?? []
        byStatus = [:]
        for member in members where member.name != "total" {
            byStatus[member.name] = member.value.integer
        }
        total = campaign["counts"]?["total"]?.integer ?? -1
        resent = campaign["resent"]?.integer ?? -1
    }

    subscript(status: String) -> Int { byStatus[status] ?? -1 }

    var sum: Int { byStatus.values.reduce(0, +) }
}

/// A recipient as it is exported.
struct Recipient: Hashable, Sendable {
    let account: String
    let status: String
    let code: Int?
    let attempts: Int

    init(account: String, status: String, code: Int?, attempts: Int) {
        self.account = account
        self.status = status
        self.code = code
        self.attempts = attempts
    }

    init(_ json: JSON) {
        account = json["account"]?.string ?? ""
        status = json["status"]?.string ?? ""
        code = json["code"]?.integer
        attempts = json["attempts"]?.integer ?? -1
    }
}

/// What the provider saw.
struct Report {
    let calls: Int
    let recipients: Int
    let accepted: Int
    let acceptedTwice: Int
    let busiestMinute: Int
    let largestPacketBytes: Int
    let largestBatch: Int
    let refusals: [Int: Int]
    /// Recipients addressed again after a final code; only the outside implementation counts them.
    let addressedAfterFinal: Int?
    /// What jobs asked the simulator for: accounts, look-ups, and messages that it took back.
    let checked: Int
    let lookedUp: Int
    let recalled: Int

    init(_ json: JSON) throws {
        func number(_ name: String) throws -> Int {
            guard let number = json[name]?.integer else { throw Failure("no \(name) in a report") }
            return number
        }
        calls = try number("calls")
        recipients = try number("recipients")
        accepted = try number("accepted")
        acceptedTwice = try number("accepted_twice")
        busiestMinute = try number("busiest_60s")
        largestPacketBytes = try number("largest_packet_bytes")
        largestBatch = try number("largest_batch")
        addressedAfterFinal = json["addressed_after_final"]?.integer
        checked = json["checked"]?.integer ?? 0
        lookedUp = json["looked_up"]?.integer ?? 0
        recalled = json["recalled"]?.integer ?? 0
        var refusals: [Int: Int] = [:]
        for member in json["refusals"]?.members ?? [] {
            guard let code = Int(member.name), let count = member.value.integer else { continue }
            refusals[code] = count
        }
        self.refusals = refusals
    }
}

/// Messages as Tencent spells them.
enum Message {
    static func text(_ text: String) -> String {
        var json = JSONText()
        json.string(text)
        return """
            {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": \(json.string)}}]}
            """
    }
}
