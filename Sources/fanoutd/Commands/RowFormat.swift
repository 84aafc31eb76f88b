import ArgumentParser
import Client
import Platform

/// The form in which a list is written to standard output.
enum RowFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case csv
    case ndjson

    var contentType: String {
        switch self {
        case .csv: "text/csv"
        case .ndjson: "application/x-ndjson"
        }
    }
}

extension ClientOptions {
    /// Writes a whole list to standard output, in NDJSON with `--json` unless a format is given.
    ///
    /// How far it has come is shown on standard error; `count` is how many rows there are, nil if
    /// nobody knows.
    func writeRows(
        of path: String,
        as format: RowFormat?,
        expecting count: Int?,
        from client: DaemonClient
    ) async throws {
        let format = format ?? (json ? .ndjson : .csv)
        var progress = ExportProgress(total: count)
        // On a terminal a progress bar would garble the rows.
        var display = StandardOutput.isTerminal ? nil : ProgressDisplay(firstLineAfter: .seconds(5))
        defer { display?.clear() }
        let request = DaemonClient.Request.rows(path, as: format.contentType)
        try await client.stream(request) { bytes throws(CommandFailure) in
            try StandardOutput.write(bytes)
            progress.count(bytes)
            display?.show(progress.shown)
        }
    }
}
