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
    var format: Format?

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case csv
        case ndjson

        var contentType: String {
            switch self {
            case .csv: "text/csv"
            case .ndjson: "application/x-ndjson"
            }
        }
    }

    func run() async throws {
        let query = PercentEncoding.query(
            status.map { ("status", $0) } + code.map { ("code", String($0)) }
                + recall.map { ("recall", $0) }
        )
        let format = format ?? (options.json ? .ndjson : .csv)
        var request = DaemonClient.Request(
            "GET",
            DaemonClient.path(id, "/recipients\(query)"),
            answer: .rows(format.contentType),
            headers: [("Accept", format.contentType)]
        )
        request.mayTakeLong = true
        let client = try options.client()
        var progress = ExportProgress(total: try await expectedCount(client))
        // On a terminal a progress bar would garble the rows.
        var display = StandardOutput.isTerminal ? nil : ProgressDisplay(firstLineAfter: .seconds(5))
        defer { display?.clear() }
        try await client.stream(request) { bytes throws(CommandFailure) in
            try StandardOutput.write(bytes)
            progress.count(bytes)
            display?.show(progress.shown)
        }
    }

    /// How many recipients the export has, as far as the campaign's counts tell.
    private func expectedCount(_ client: DaemonClient) async throws(CommandFailure) -> Int? {
        let campaign = try await client.campaign(id)
        guard code.isEmpty, recall.isEmpty else { return nil }
        guard !status.isEmpty else { return campaign.total }
        return campaign.counts.filter { status.contains($0.status) }.map(\.count).reduce(0, +)
    }
}
