package import ArgumentParser
import Client
import Codecs
import DeliveryCore
import JSON
import Platform

/// Lists campaigns.
package struct ListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List campaigns, newest first."
    )

    @OptionGroup package var options: ClientOptions

    @Option(help: ArgumentHelp("Only those in this state; may be repeated.", valueName: "state"))
    package var state: [String] = []

    @Option(help: ArgumentHelp("At most so many, 1 to 1000 (50).", valueName: "number"))
    package var limit: Int?

    @Flag(help: "All there are, however many.")
    package var all = false

    /// The largest page that a daemon gives.
    private static let pageLimit = 1_000

    package init() {}

    package func validate() throws {
        guard limit.map((1...Self.pageLimit).contains) ?? true else {
            throw ValidationError("--limit: give 1 to 1000, or --all")
        }
        guard limit == nil || !all else {
            throw ValidationError("give --limit or --all, one of them")
        }
    }

    package func run() async throws {
        let client = try options.client()
        var list = CampaignList()
        repeat {
            let answer = try await client.send(request(cursor: list.nextCursor))
            if options.json, !all {
                return try StandardOutput.writeLine(String(decoding: answer, as: UTF8.self))
            }
            try list.add(answer)
        } while all && list.nextCursor != nil
        if options.json {
            return try StandardOutput.write(list.json)
        }
        try StandardOutput.write(Array(list.table.text.utf8))
        if list.nextCursor != nil {
            StandardError.writeLine("there are more: raise --limit, or give --all")
        }
    }

    private func request(cursor: String?) -> DaemonClient.Request {
        let size = all ? Self.pageLimit : limit ?? 50
        let query = PercentEncoding.query(
            state.map { ("state", $0) } + [("limit", String(size))]
                + (cursor.map { [("cursor", $0)] } ?? [])
        )
        return DaemonClient.Request("GET", "/v1/campaigns\(query)", answer: .object(with: "items"))
    }
}
