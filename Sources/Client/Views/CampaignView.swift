package import JSON

/// A campaign as the endpoint shows it, as far as the commands look into it.
package struct CampaignView: Sendable, Hashable {
    package let id: String
    package let name: String
    package let state: String
    package let reason: String?
    package let priority: String
    package let createdAt: String
    package let startAt: String?
    package let expiresAt: String?
    package let startedAt: String?
    package let finishedAt: String?
    package let eta: String?
    package let messagesPerMinute: Int?
    package let messagesLastMinute: Int
    package let resent: Int
    package let total: Int
    /// Recipients by status, in the endpoint's order.
    package let counts: [Count]
    package let failures: [Failure]

    package struct Count: Sendable, Hashable {
        package let status: String
        package let count: Int
    }

    package struct Failure: Sendable, Hashable {
        package let code: Int
        package let count: Int
    }

    /// Reads a campaign object; fields that are missing are empty, so that an older or newer
    /// daemon's answer is shown as far as it is understood.
    package init(_ json: JSON) {
        id = json["id"]?.string ?? ""
        name = json["name"]?.string ?? ""
        state = json["state"]?.string ?? ""
        reason = json["reason"].flatMap(Self.reason)
        priority = json["priority"]?.string ?? ""
        createdAt = json["created_at"]?.string ?? ""
        startAt = json["start_at"]?.string
        expiresAt = json["expires_at"]?.string
        startedAt = json["started_at"]?.string
        finishedAt = json["finished_at"]?.string
        eta = json["eta"]?.string
        messagesPerMinute = json["messages_per_minute"]?.integer
        messagesLastMinute = json["messages_last_minute"]?.integer ?? 0
        resent = json["resent"]?.integer ?? 0
        let members = json["counts"]?.members ?? []
        total = Self.count(members.first { $0.name == "total" }?.value)
        counts = members.filter { $0.name != "total" }.map {
            Count(status: $0.name, count: Self.count($0.value))
        }
        failures = (json["failures"]?.elements ?? []).map {
            Failure(code: $0["code"]?.integer ?? 0, count: $0["count"]?.integer ?? 0)
        }
    }

    /// A count as it may be added up: an answer from elsewhere can hold any number.
    private static func count(_ json: JSON?) -> Int {
        min(max(json?.integer ?? 0, 0), 1 << 53)
    }

    /// A halt's code and text in one.
    package static func reason(_ json: JSON) -> String? {
        if let text = json.string { return text }
        guard let text = json["text"]?.string else { return nil }
        return json["code"]?.integer.map { "\($0) \(text)" } ?? text
    }

    /// The statuses that the commands look for.
    package enum Status: String, Sendable {
        case sending
        case sent
        case failed
        case unknown
        case canceled
        case expired
    }

    package func count(_ status: Status) -> Int {
        counts.first { $0.status == status.rawValue }?.count ?? 0
    }

    /// Recipients that have their final status.
    package var finalCount: Int {
        count(.sent) + count(.failed) + count(.unknown) + count(.canceled) + count(.expired)
    }

    package var progress: Progress {
        let counted = counts.filter { $0.count > 0 }.map { "\($0.status) \($0.count.grouped)" }
        return Progress(
            done: finalCount,
            total: total,
            unit: .recipients,
            note: ([state] + counted).joined(separator: "  ")
        )
    }

    /// Everything about it, for people.
    package var text: String {
        var rows: [(name: String, value: String?)] = [
            ("id", id), ("name", name.isEmpty ? nil : name), ("state", state), ("reason", reason),
            ("priority", priority), ("cap", messagesPerMinute.map { "\($0.grouped) a minute" }),
            ("created", createdAt), ("starts", startAt), ("started", startedAt),
            ("finished", finishedAt), ("expires", expiresAt), ("eta", eta),
            ("last minute", messagesLastMinute > 0 ? messagesLastMinute.grouped : nil),
            ("recipients", total.grouped),
        ]
        for count in counts where count.count > 0 {
            rows.append(("  \(count.status)", count.count.grouped))
        }
        if resent > 0 { rows.append(("resent", resent.grouped)) }
        for failure in failures {
            rows.append(("  code \(failure.code)", failure.count.grouped))
        }
        return labeled(rows)
    }

    /// The command that lists whom the message didn't reach, by the statuses that there are.
    package var exportOfMissed: String {
        let missed = counts.filter { $0.status != "sent" && $0.count > 0 }
        return "fanoutd export \(id)" + missed.map { " --status \($0.status)" }.joined()
    }

    /// How a watch ends, nil while it goes on.
    package var ending: Ending? {
        switch state {
        case "completed": count(.sent) == total ? .everyoneSent : .notEveryone
        // A call that was out when it ended ends first, and its answer counts.
        case "canceled", "expired": count(.sending) == 0 ? .notEveryone : nil
        case "halted": .halted(reason ?? "no reason given")
        case "draft": .unstarted
        default: nil
        }
    }

    package enum Ending: Sendable, Hashable {
        case everyoneSent
        case notEveryone
        /// A draft, which waits until somebody starts it.
        case unstarted
        /// It stays so until somebody resumes or cancels it.
        case halted(String)
    }
}
