package import JSON
package import Platform

/// A job of a campaign as the endpoint shows it.
package struct JobView: Sendable {
    package let kind: Kind
    package let state: String
    /// Code and text of what it waits for or was halted by.
    package let reason: String?
    package let total: Int
    package let done: Int
    /// Recipients by what became of them, in the endpoint's order.
    package let results: [(name: String, count: Int)]
    package let eta: String?

    /// The jobs that the commands know, each by its member of a campaign.
    package enum Kind: String, Sendable, CaseIterable {
        case check
        case verify
        case recall

        package var noun: String { self == .verify ? "verification" : rawValue }

        /// The result of whoever is as one wishes.
        private var goodResult: String {
            switch self {
            case .check: "present"
            case .verify: "found"
            case .recall: "recalled"
            }
        }

        fileprivate func isGood(_ result: String) -> Bool { result == goodResult }

        /// The command that shows those who aren't.
        fileprivate func exportOfOthers(_ id: String) -> String {
            let filter =
                switch self {
                case .check: "--status failed"
                case .verify: "--status unknown"
                case .recall: "--recall missing --recall failed"
                }
            return "fanoutd export \(id) \(filter)"
        }
    }

    package init(_ kind: Kind, _ json: JSON) {
        self.kind = kind
        state = json["state"]?.string ?? ""
        reason = json["reason"].flatMap(CampaignView.reason)
        total = CampaignView.count(json["total"])
        done = CampaignView.count(json["done"])
        eta = json["eta"]?.string
        // Whatever else is a number is a result.
        results = (json.members ?? [])
            .filter { $0.name != "total" && $0.name != "done" && $0.value.integer != nil }
            .map { ($0.name, CampaignView.count($0.value)) }
    }

    /// Whether it goes on by itself.
    package var isGoing: Bool { state == "running" || state == "waiting" }

    /// The results that some recipients have, each with their number.
    package var breakdown: [String] {
        results.filter { $0.count > 0 }.map { "\($0.name) \($0.count.grouped)" }
    }

    package var progress: Progress {
        let waiting = state == "waiting" ? ["waiting: \(reason ?? "no reason given")"] : []
        let note = ([kind.rawValue] + waiting + breakdown).joined(separator: "  ")
        return Progress(done: done, total: total, unit: .recipients, note: note)
    }

    /// The job in a few words, for a table.
    package var brief: String {
        guard isGoing else { return "\(kind.rawValue) \(state)" }
        let percent = total > 0 ? Int(Double(done) / Double(total) * 100) : 0
        return "\(kind.rawValue) \(state == "waiting" ? "waits at " : "")\(min(percent, 100))%"
    }

    /// Its rows of a campaign's text.
    var rows: [(name: String, value: String?)] {
        var line = "\(state), \(done.grouped) of \(total.grouped)"
        if let reason { line += ": \(reason)" }
        return [(kind.rawValue, line)]
            + results.filter { $0.count > 0 }.map { ("  \($0.name)", $0.count.grouped) }
            + [("  eta", eta)]
    }

    /// Prints how it ended; unless everybody is as one wishes the process ends with code 1.
    package func conclude(_ id: String) throws(CommandFailure) {
        let others = results.filter { !kind.isGood($0.name) && $0.count > 0 }
        let figures = breakdown.isEmpty ? "nobody" : breakdown.joined(separator: ", ")
        let line = "\(kind.noun) \(state): \(figures)"
        if state == "completed", others.isEmpty { return StandardError.writeLine(line) }
        var text = line
        switch state {
        case "completed": text += "\nSee who: \(kind.exportOfOthers(id))"
        case "halted":
            text += "\nIt is halted: \(reason ?? "no reason given")\n"
            text += "Mend the cause and go on with: fanoutd \(kind.rawValue) \(id)"
        default:
            text += "\n\((total - done).grouped) are left: fanoutd \(kind.rawValue) \(id)"
        }
        throw CommandFailure(.incomplete, text)
    }
}
