package import ArgumentParser
package import JSON

/// Shows where the quota and the service stand.
package struct QuotaCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Show the state of all sending and how much of the quota is used."
    )

    @OptionGroup package var options: ClientOptions

    package init() {}

    package func run() async throws {
        try options.print(try await options.client().send(.quota))
    }
}

/// The quota as the endpoint shows it.
package struct QuotaView: Sendable, Hashable {
    package let text: String

    /// What keeps all sending from going on; nil if nothing does.
    package static func hindrance(in json: JSON) -> String? {
        guard let state = json["state"]?.string, state != "running" else { return nil }
        let reason = json["reason"].flatMap(CampaignView.reason).map { " (\($0))" } ?? ""
        return "all sending is \(state)\(reason)"
    }

    package init(_ json: JSON) {
        let limit = json["messages_per_minute"]?.integer ?? 0
        let used = json["window_used"]?.integer ?? 0
        let rows: [(String, String?)] = [
            ("state", json["state"]?.string),
            ("reason", json["reason"].flatMap(CampaignView.reason)),
            ("window", "\(used.grouped) of \(limit.grouped) recipients a minute"),
            ("calls", json["calls_per_second"]?.integer.map { "at most \($0.grouped) a second" }),
            ("in flight", json["in_flight"]?.integer?.grouped),
            ("next call", json["next_call_at"]?.string),
            ("config", json["config_error"]?.string),
        ]
        text = rows.compactMap { name, value in
            value.map { name + String(repeating: " ", count: 14 - name.count) + "\($0)\n" }
        }.joined()
    }
}
