package import JSON

/// What the daemon says about a stream of accounts.
package struct IntakeView: Sendable {
    package let accepted: Int
    package let duplicates: Int
    package let invalid: Int
    private let examples: [(line: Int, reason: String)]
    package let total: Int

    package init(_ json: JSON) {
        accepted = json["accepted"]?.integer ?? 0
        duplicates = json["duplicates"]?.integer ?? 0
        invalid = json["invalid"]?.integer ?? 0
        total = json["total"]?.integer ?? 0
        examples = (json["invalid_examples"]?.elements ?? []).map {
            ($0["line"]?.integer ?? 0, $0["reason"]?.string ?? "")
        }
    }

    /// For standard error: the totals, and a line for each example of an invalid line.
    package var text: String { text(all: "in all") }

    /// The same; `all` says of what the last number is.
    package func text(all: String) -> String {
        var text = "\(accepted.grouped) accepted"
        if duplicates > 0 {
            text += ", \(duplicates.grouped) duplicate\(duplicates == 1 ? "" : "s") dropped"
        }
        if invalid > 0 {
            text += ", \(invalid.grouped) invalid line\(invalid == 1 ? "" : "s") left out"
        }
        text += "; \(total.grouped) \(all)"
        for example in examples {
            text += "\n  line \(example.line): \(example.reason)"
        }
        if invalid > examples.count, !examples.isEmpty {
            text += "\n  and \((invalid - examples.count).grouped) more"
        }
        return text
    }
}

/// A plan as the endpoint answers it.
package struct PlanView: Sendable {
    package let text: String

    package init(_ json: JSON) {
        text = labeled([
            ("calls", json["batches"]?.integer?.grouped),
            ("accounts", json["largest_batch_accounts"]?.integer.map { "\($0) in the largest" }),
            ("packet", json["largest_packet_bytes"]?.integer.map { "\($0.grouped) bytes at most" }),
            ("time", json["seconds"]?.integer.map { "\($0.grouped) s until the last call" }),
        ])
    }
}

/// The quota as the endpoint shows it.
package struct QuotaView: Sendable {
    package let text: String

    /// Why all sending has stopped; nil if it hasn't.
    package static func hindrance(in json: JSON) -> String? {
        guard let state = json["state"]?.string, state != "running" else { return nil }
        let reason = json["reason"].flatMap(CampaignView.reason).map { " (\($0))" } ?? ""
        return "all sending is \(state)\(reason)"
    }

    package init(_ json: JSON) {
        let limit = json["messages_per_minute"]?.integer ?? 0
        // A node that stands by doesn't know how much of it is used.
        let window = json["window_used"]?.integer.map {
            "\($0.grouped) of \(limit.grouped) recipients a minute"
        }
        text = labeled([
            ("node", json["cluster"].flatMap(Self.node)),
            ("state", json["state"]?.string),
            ("reason", json["reason"].flatMap(CampaignView.reason)),
            ("since", json["since"]?.string), ("until", json["until"]?.string),
            ("remedy", json["remedy"]?.string),
            ("pace", json["pace"]?.integer.flatMap { $0 < 16 ? "\($0)/16 of the quota" : nil }),
            ("window", window),
            ("calls", json["calls_per_second"]?.integer.map { "at most \($0.grouped) a second" }),
            ("in flight", json["in_flight"]?.integer?.grouped),
            ("next call", json["next_call_at"]?.string),
            ("config", json["config_error"]?.string),
        ])
    }

    /// The node's part among those that share a queue; nil where the queue is this daemon's alone.
    private static func node(_ cluster: JSON) -> String? {
        guard let role = cluster["role"]?.string else { return nil }
        var parts: [String] = []
        if role == "leader" {
            parts.append("leads")
        } else {
            let leader = cluster["leader"]?.string.map { "\($0) leads" }
            parts.append("stands by, \(leader ?? "no leader is known")")
        }
        if let epoch = cluster["epoch"]?.integer { parts.append("epoch \(epoch)") }
        switch cluster["synchronous"]?.bool {
        case true?: parts.append("a second server keeps each commit")
        case false?: parts.append("only one server keeps the commits")
        case nil: break
        }
        return parts.joined(separator: ", ")
    }
}
