import ArgumentParser
import Client
import JSON
import Platform

/// Shows one campaign.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a campaign: state, counts by status, failures by code."
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        try await options.post(.campaign(id))
    }
}

/// Follows one campaign to its end.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show a campaign's progress until it has ended.",
        discussion: """
            Ends with code 0 when everyone was sent but those on the suppression list, with 1 when \
            some failed or are unknown, and when the campaign was canceled, has expired or is halted.
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        let client = try options.client()
        let campaign = try await CampaignWatch(client: client, id: id).run()
        if options.json { try options.print(try await client.send(.campaign(id))) }
        try CampaignWatch.conclude(campaign)
    }
}

/// Starts a draft.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a draft, or schedule it if it has a start time."
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        try await options.post(.change(id, "/start"))
    }
}

/// Pauses a campaign or all sending.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a campaign, or all sending with --all.",
        discussion: "Calls in flight are finished. A pause survives a restart."
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var target: CampaignOrAll

    func run() async throws {
        try await options.post(target.request("/pause"))
    }
}

/// Resumes a campaign or all sending.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a paused or halted campaign, or with all sending (--all)."
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var target: CampaignOrAll

    func run() async throws {
        try await options.post(target.request("/resume"))
    }
}

/// Cancels a campaign.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel a campaign: whoever wasn't sent yet won't be."
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        try await options.post(.change(id, "/cancel"))
    }
}

/// Removes a campaign.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a draft or a finished campaign, and its recipients.",
        discussion: #"With --json it prints {"id": "ID", "deleted": true}."#
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        let request = DaemonClient.Request("DELETE", DaemonClient.path(id), answer: .nothing)
        _ = try await options.client().send(request)
        guard options.json else { return StandardError.writeLine("deleted \(id)") }
        // A delete's answer has no body.
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
struct CampaignOrAll: ParsableArguments {
    @Argument(help: "The campaign.") var id: String?
    @Flag(help: "All sending, not one campaign.") var all = false

    func validate() throws {
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
    /// Sends a request without a body and prints the answer.
    func post(_ request: DaemonClient.Request) async throws {
        try print(try await client().send(request))
    }

    /// Prints an answer as it is, or as text if it is a campaign, a plan or the quota.
    func print(_ answer: [UInt8]) throws(CommandFailure) {
        try print(answer, or: Self.text(try DaemonClient.parse(answer)))
    }

    private static func text(_ answer: JSON) -> String {
        if answer["counts"] != nil { return CampaignView(answer).text }
        return answer["batches"] != nil ? PlanView(answer).text : QuotaView(answer).text
    }

    /// Prints an answer as it is with `--json`, otherwise a text that ends its own line.
    func print(
        _ answer: [UInt8],
        or text: @autoclosure () throws(CommandFailure) -> String
    ) throws(CommandFailure) {
        if json { return try StandardOutput.write(answer + [UInt8(ascii: "\n")]) }
        try StandardOutput.write(try text())
    }
}
