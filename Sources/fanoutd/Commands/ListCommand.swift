import ArgumentParser
import Client
import Codecs
import DeliveryCore
import JSON
import Platform

/// Lists campaigns.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List campaigns, newest first."
    )

    @OptionGroup var options: ClientOptions

    @Option(help: ArgumentHelp("Only those in this state; may be repeated.", valueName: "state"))
    var state: [String] = []

    @Option(help: ArgumentHelp("At most so many, 1 to 1000 (50).", valueName: "number"))
    var limit: Int?

    @Flag(help: "All there are, however many.")
    var all = false

    /// The largest page that a daemon answers.
    private static let pageLimit = 1_000

    func validate() throws {
        guard limit.map((1...Self.pageLimit).contains) ?? true else {
            throw ValidationError("--limit: give 1 to 1000, or --all")
        }
        guard limit == nil || !all else {
            throw ValidationError("give --limit or --all, one of them")
        }
    }

    func run() async throws {
        let client = try options.client()
        var list = CampaignList()
        repeat {
            let answer = try await client.send(request(cursor: list.nextCursor))
            if options.json, !all { return try options.print(answer) }
            try list.add(answer)
        } while all && list.nextCursor != nil
        if options.json { return try StandardOutput.write(list.json) }
        try StandardOutput.write(list.table.text)
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
