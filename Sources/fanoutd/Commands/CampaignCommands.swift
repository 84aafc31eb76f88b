package import ArgumentParser
import Client
import JSON
import Platform

/// Shows one campaign.
package struct ShowCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a campaign: state, counts by status, failures by code."
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    package init() {}

    package func run() async throws {
        let answer = try await options.client().send(.campaign(id))
        try options.print(answer)
    }
}

/// Follows one campaign to its end.
package struct WatchCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show a campaign's progress until it has ended.",
        discussion: """
            Ends with code 0 when everyone was sent, with 1 when some failed or are unknown, and \
            when the campaign was canceled, has expired or is halted.
            """
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    package init() {}

    package func run() async throws {
        let client = try options.client()
        let campaign = try await CampaignWatch(client: client, id: id).run()
        if options.json {
            try options.print(try await client.send(.campaign(id)))
        }
        try CampaignWatch.conclude(campaign)
    }
}

/// Starts a draft.
package struct StartCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a draft, or schedule it if it has a start time."
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    package init() {}

    package func run() async throws {
        try await options.post(.change(id, "/start"))
    }
}

/// Pauses a campaign or all sending.
package struct PauseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a campaign, or all sending with --all.",
        discussion: "Calls in flight are finished. A pause survives a restart."
    )

    @OptionGroup package var options: ClientOptions
    @OptionGroup package var target: CampaignOrAll

    package init() {}

    package func run() async throws {
        try await options.post(target.request("/pause"))
    }
}

/// Goes on with a campaign or with all sending.
package struct ResumeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a paused or halted campaign, or with all sending (--all)."
    )

    @OptionGroup package var options: ClientOptions
    @OptionGroup package var target: CampaignOrAll

    package init() {}

    package func run() async throws {
        try await options.post(target.request("/resume"))
    }
}

/// Cancels a campaign.
package struct CancelCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel a campaign: whoever wasn't sent yet won't be."
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    package init() {}

    package func run() async throws {
        try await options.post(.change(id, "/cancel"))
    }
}

/// Removes a campaign.
package struct DeleteCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a draft or a finished campaign, and its recipients.",
        discussion: #"With --json it prints {"id": "ID", "deleted": true}."#
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    package init() {}

    package func run() async throws {
        let request = DaemonClient.Request("DELETE", DaemonClient.path(id), answer: .nothing)
        _ = try await options.client().send(request)
        guard options.json else { return StandardError.writeLine("deleted \(id)") }
        // The endpoint answers with nothing.
        let text = JSONText { text in
            text.object {
                $0.field("id", id)
                $0.field("deleted") { $0.bool(true) }
            }
        }
        try StandardOutput.writeLine(text.string)
    }
}

/// A campaign's id, or `--all` for the whole service.
package struct CampaignOrAll: ParsableArguments {
    @Argument(help: "The campaign.") package var id: String?
    @Flag(help: "All sending, not one campaign.") package var all = false

    package init() {}

    package func validate() throws {
        guard (id == nil) == all else {
            throw ValidationError("give the id of a campaign, or --all")
        }
    }

    func request(_ action: String) -> DaemonClient.Request {
        if let id { return .change(id, action) }
        return DaemonClient.Request("POST", "/v1\(action)", answer: .object(with: "window_used"))
    }
}

extension ClientOptions {
    /// Makes a request without a body and prints what it answers.
    func post(_ request: DaemonClient.Request) async throws {
        try print(try await client().send(request))
    }

    /// Prints an answer as it is, or for people if it is a campaign, a plan or the quota.
    func print(_ answer: [UInt8]) throws {
        if json {
            try StandardOutput.writeLine(String(decoding: answer, as: UTF8.self))
            return
        }
        guard !answer.isEmpty else { return }
        let object = try DaemonClient.parse(answer)
        let text =
            if object["counts"] != nil {
                CampaignView(object).text
            } else if object["batches"] != nil {
                PlanView(object).text
            } else {
                QuotaView(object).text
            }
        try StandardOutput.write(Array(text.utf8))
    }
}
