package import ArgumentParser

/// Writes a campaign's recipients out.
package struct ExportCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write every recipient with status, code and attempts to standard output.",
        discussion: """
            Those who didn't get it, as CSV:
              fanoutd export ID --status failed --status unknown > missed.csv
            """
    )

    @OptionGroup package var options: ClientOptions
    @Argument(help: "The campaign.") package var id: String

    @Option(help: ArgumentHelp("Only those of this status; may be repeated.", valueName: "status"))
    package var status: [String] = []

    @Option(help: ArgumentHelp("Only those with this code; may be repeated.", valueName: "code"))
    package var code: [Int] = []

    @Option(help: "csv or ndjson; --json is ndjson.")
    package var format: Format?

    package enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case csv
        case ndjson

        var contentType: String {
            switch self {
            case .csv: "text/csv"
            case .ndjson: "application/x-ndjson"
            }
        }
    }

    package init() {}

    package func run() async throws {
        let query = PercentEncoding.query(
            status.map { ("status", $0) } + code.map { ("code", String($0)) }
        )
        let format = format ?? (options.json ? .ndjson : .csv)
        let call = DaemonClient.Call(
            "GET",
            DaemonClient.path(id, "/recipients\(query)"),
            headers: [("Accept", format.contentType)]
        )
        try await options.client().stream(call) { bytes throws(CommandFailure) in
            do throws(SmallFile.Fault) {
                try StandardOutput.write(bytes)
            } catch {
                throw CommandFailure(.tryAgain, error.description)
            }
        }
    }
}
