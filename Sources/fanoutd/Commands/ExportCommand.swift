import ArgumentParser
import Client
import Codecs
import Platform

/// Writes a campaign's recipients out.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write every recipient with status, code and attempts to standard output.",
        discussion: """
            Those who didn't get it, as CSV:
              fanoutd export ID --status failed --status unknown > missed.csv
            How far it has come is shown on standard error, unless the rows go to a terminal.
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    @Option(help: ArgumentHelp("Only those of this status; may be repeated.", valueName: "status"))
    var status: [String] = []

    @Option(help: ArgumentHelp("Only those with this code; may be repeated.", valueName: "code"))
    var code: [Int] = []

    @Option(
        help: ArgumentHelp(
            "Only those whose recall came to this; may be repeated.",
            valueName: "state"
        )
    )
    var recall: [String] = []

    @Option(help: "csv or ndjson; --json is ndjson.")
    var format: RowFormat?

    func run() async throws {
        let query = PercentEncoding.query(
            status.map { ("status", $0) } + code.map { ("code", String($0)) }
                + recall.map { ("recall", $0) }
        )
        let client = try options.client()
        try await options.writeRows(
            of: DaemonClient.path(id, "/recipients\(query)"),
            as: format,
            expecting: try await expectedCount(client),
            from: client
        )
    }

    /// How many recipients the export has, as far as the campaign's counts tell.
    private func expectedCount(_ client: DaemonClient) async throws(CommandFailure) -> Int? {
        let campaign = try await client.campaign(id)
        guard code.isEmpty, recall.isEmpty else { return nil }
        guard !status.isEmpty else { return campaign.total }
        return campaign.counts.filter { status.contains($0.status) }.map(\.count).reduce(0, +)
    }
}
