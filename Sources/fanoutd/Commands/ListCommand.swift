package import ArgumentParser
import Codecs
import DeliveryCore
import JSON

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
            let answer = try await client.send(call(cursor: list.nextCursor))
            if options.json, !all {
                return try StandardOutput.writeLine(String(decoding: answer, as: UTF8.self))
            }
            try list.add(answer)
        } while all && list.nextCursor != nil
        if options.json {
            return try StandardOutput.write(list.json)
        }
        try StandardOutput.write(Array(Self.table(list.campaigns).text.utf8))
        if list.nextCursor != nil {
            StandardError.writeLine("there are more: raise --limit, or give --all")
        }
    }

    private func call(cursor: String?) -> DaemonClient.Call {
        let size = all ? Self.pageLimit : limit ?? 50
        let query = PercentEncoding.query(
            state.map { ("state", $0) } + [("limit", String(size))]
                + (cursor.map { [("cursor", $0)] } ?? [])
        )
        return DaemonClient.Call("GET", "/v1/campaigns\(query)", answer: .object(with: "items"))
    }

    static func table(_ campaigns: [CampaignView]) -> TextTable {
        var table = TextTable([
            .text("ID"), .text("STATE"), .text("PRIORITY"), .number("TOTAL"), .number("SENT"),
            .number("FAILED"), .number("UNKNOWN"), .text("CREATED"), .text("NAME"),
        ])
        for campaign in campaigns {
            table.add([
                campaign.id, campaign.state, campaign.priority, campaign.total.grouped,
                campaign.count(.sent).grouped, campaign.count(.failed).grouped,
                campaign.count(.unknown).grouped, campaign.createdAt, campaign.name,
            ])
        }
        return table
    }
}

/// Pages of campaigns put together.
package struct CampaignList: Sendable {
    package private(set) var campaigns: [CampaignView] = []
    /// Where the next page begins; nil at the end, and before the first.
    package private(set) var nextCursor: String?
    /// The campaigns' own texts, with commas between.
    private var items: [UInt8] = []

    package init() {}

    package mutating func add(_ page: [UInt8]) throws(CommandFailure) {
        let object = try DaemonClient.parse(page)
        for item in object["items"]?.elements ?? [] {
            campaigns.append(CampaignView(item))
            if !items.isEmpty { items.append(UInt8(ascii: ",")) }
            items += page[item.range]
        }
        nextCursor = object["next_cursor"]?.string
    }

    /// One page that holds all, as the endpoint would write it, and a line end.
    package var json: [UInt8] {
        Array(#"{"items":["#.utf8) + items + Array(#"],"next_cursor":null}"#.utf8)
            + [UInt8(ascii: "\n")]
    }
}
