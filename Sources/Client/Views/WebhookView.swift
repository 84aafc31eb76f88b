package import JSON

/// Webhooks as the endpoint lists them.
package struct WebhookList: Sendable {
    package let text: String

    package init(_ json: JSON) {
        let hooks = json["items"]?.elements ?? []
        var table = TextTable(
            [
                .number("ID"), .text("STATE"), .number("BACKLOG"), .text("OLDEST"), .text("LAST"),
                .text("NEXT"), .text("EVENTS"), .text("URL"),
            ]
        )
        for hook in hooks {
            table.add(
                [
                    hook["id"]?.integer.map(String.init) ?? "", Self.state(hook),
                    hook["backlog"]?.integer?.grouped ?? "", hook["oldest_at"]?.string ?? "-",
                    hook["last"].flatMap { WebhookTry($0)?.text } ?? "-",
                    hook["next_at"]?.string ?? "-", Self.events(hook), hook["url"]?.string ?? "",
                ]
            )
        }
        text = hooks.isEmpty ? "no webhooks are configured\n" : table.text
    }

    private static func state(_ hook: JSON) -> String {
        if hook["stopped"]?.bool == true { return "stopped" }
        guard let last = hook["last"].flatMap({ WebhookTry($0) }) else { return "untried" }
        return last.isSettled ? "ok" : "failing"
    }

    private static func events(_ hook: JSON) -> String {
        let names = (hook["events"]?.elements ?? []).compactMap(\.string)
        return names.count > 3 ? "\(names.count) kinds" : names.joined(separator: ",")
    }
}

/// What came of one try to tell a webhook something.
package struct WebhookTry: Sendable {
    package let at: String
    package let status: Int?
    package let error: String?

    /// Nil for `null`.
    package init?(_ json: JSON) {
        guard let at = json["at"]?.string else { return nil }
        self.at = at
        status = json["status"]?.integer
        error = json["error"]?.string
    }

    package var isSettled: Bool { error == nil }

    /// The try in a few words.
    package var text: String { "\(at) \(error ?? "HTTP \(status ?? 0)")" }
}
