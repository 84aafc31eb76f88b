package import JSON

/// A campaign as the endpoint shows it, as far as the commands look into it.
///
/// Fields that are missing are empty, so that an older or newer daemon's answer is shown as far as it
/// is understood.
package struct CampaignView: Sendable {
    private let json: JSON
    package let total: Int
    /// Recipients by status, in the endpoint's order.
    package let counts: [(status: String, count: Int)]

    package init(_ json: JSON) {
        self.json = json
        let members = json["counts"]?.members ?? []
        total = Self.count(members.first { $0.name == "total" }?.value)
        counts = members.filter { $0.name != "total" }.map { ($0.name, Self.count($0.value)) }
    }

    package var id: String { field("id") ?? "" }
    package var name: String { field("name") ?? "" }
    package var state: String { field("state") ?? "" }
    package var priority: String { field("priority") ?? "" }
    package var createdAt: String { field("created_at") ?? "" }
    private var reason: String? { json["reason"].flatMap(Self.reason) }

    private func field(_ name: String) -> String? { json[name]?.string }

    /// A number of recipients for people; nil for none.
    private func amount(_ name: String) -> String? {
        json[name]?.integer.flatMap { $0 == 0 ? nil : $0.grouped }
    }

    /// Its sending hours, as `--send-between` takes them; nil for any time.
    private var hours: String? {
        guard let hours = json["send_between"], let from = hours["from"]?.string,
            let to = hours["to"]?.string, let zone = hours["time_zone"]?.string
        else { return nil }
        let days = (hours["days"]?.elements ?? []).compactMap(\.string)
        return "\(from)-\(to) \(zone)" + (days.count < 7 ? " " + days.joined(separator: ",") : "")
    }

    /// A count bounded so that a sum can't overflow: another server's answer may hold any number.
    static func count(_ json: JSON?) -> Int {
        min(max(json?.integer ?? 0, 0), 1 << 53)
    }

    /// Code and text of a halt.
    package static func reason(_ json: JSON) -> String? {
        if let text = json.string { return text }
        guard let text = json["text"]?.string else { return nil }
        return json["code"]?.integer.map { "\($0) \(text)" } ?? text
    }

    /// The statuses that the commands know by name.
    package enum Status: String, Sendable {
        case sending
        case retrying
        case sent
        case failed
        case unknown
        case canceled
        case expired
        case suppressed
    }

    package func count(_ status: Status) -> Int {
        counts.first { $0.status == status.rawValue }?.count ?? 0
    }

    /// Recipients that have their final status.
    package var finalCount: Int {
        count(.sent) + count(.failed) + count(.unknown) + count(.canceled) + count(.expired)
            + count(.suppressed)
    }

    /// The last job of a kind; nil if there was none.
    package func job(_ kind: JobView.Kind) -> JobView? {
        guard let job = json[kind.rawValue], job.members != nil else { return nil }
        return JobView(kind, job)
    }

    package var jobs: [JobView] { JobView.Kind.allCases.compactMap { job($0) } }

    /// The job that goes on by itself; a campaign has one at a time.
    package var goingJob: JobView? { jobs.first(where: \.isGoing) }

    /// The statuses that some recipients have, each with their number.
    package var breakdown: [String] {
        counts.filter { $0.count > 0 }.map { "\($0.status) \($0.count.grouped)" }
    }

    package var progress: Progress {
        let job = goingJob.map { [$0.brief] } ?? []
        let note = ([state] + job + breakdown).joined(separator: "  ")
        return Progress(done: finalCount, total: total, unit: .recipients, note: note)
    }

    /// The campaign as text for people.
    package var text: String {
        var rows: [(name: String, value: String?)] = [
            ("id", id), ("name", name.isEmpty ? nil : name), ("state", state), ("reason", reason),
            ("priority", priority), ("cap", amount("messages_per_minute").map { "\($0) a minute" }),
            ("created", createdAt), ("starts", field("start_at")), ("started", field("started_at")),
            ("finished", field("finished_at")), ("expires", field("expires_at")), ("hours", hours),
            ("eta", field("eta")), ("last minute", amount("messages_last_minute")),
            ("recipients", total.grouped),
        ]
        rows += counts.filter { $0.count > 0 }.map { ("  \($0.status)", $0.count.grouped) }
        rows.append(("resent", amount("resent")))
        rows += (json["failures"]?.elements ?? []).map(Self.row)
        rows += jobs.flatMap(\.rows)
        return labeled(rows)
    }

    /// A code with how many it is of, its words, and whether a retry may help.
    private static func row(of failure: JSON) -> (name: String, value: String?) {
        let text = failure["text"]?.string.map { "  \($0)" } ?? ""
        let hope = failure["may_pass"]?.bool == true ? " (may pass: retry)" : ""
        let count = (failure["count"]?.integer ?? 0).grouped
        return ("  code \(failure["code"]?.integer ?? 0)", count + text + hope)
    }

    /// The command that exports the recipients not sent, by the statuses that occur; who is
    /// suppressed wasn't meant to be sent to.
    package var exportOfMissed: String {
        let meant = [Status.sent.rawValue, Status.suppressed.rawValue]
        let missed = counts.filter { !meant.contains($0.status) && $0.count > 0 }
        return "fanoutd export \(id)" + missed.map { " --status \($0.status)" }.joined()
    }

    /// How a watch ends; nil while it continues.
    package var ending: Ending? {
        switch state {
        case "completed":
            count(.sent) + count(.suppressed) == total ? .everyoneSent : .notEveryone
        // A call in flight at the end is still recorded, and its answer counts; who may have been
        // accepted by an earlier one may still be looked up.
        case "canceled", "expired":
            count(.sending) + count(.retrying) == 0 ? .notEveryone : nil
        case "halted": .halted(reason ?? "no reason given")
        case "draft": .unstarted
        default: nil
        }
    }

    package enum Ending: Sendable, Hashable {
        /// Everyone who isn't suppressed.
        case everyoneSent
        case notEveryone
        /// A draft, which waits for a start.
        case unstarted
        /// It stays halted until an operator resumes or cancels it.
        case halted(String)
    }
}
