package import ArgumentParser
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

    @Option(help: ArgumentHelp("At most so many, 1 to 1000.", valueName: "number"))
    package var limit = 50

    package init() {}

    package func validate() throws {
        guard (1...1_000).contains(limit) else {
            throw ValidationError("--limit: give 1 to 1000")
        }
    }

    package func run() async throws {
        let query = PercentEncoding.query(
            state.map { ("state", $0) } + [("limit", String(limit))]
        )
        let answer = try await options.client().send(.init("GET", "/v1/campaigns\(query)"))
        if options.json {
            try StandardOutput.writeLine(String(decoding: answer, as: UTF8.self))
            return
        }
        let page = try DaemonClient.parse(answer)
        let campaigns = (page["items"]?.elements ?? []).map(CampaignView.init)
        try StandardOutput.write(Array(Self.table(campaigns).text.utf8))
        if page["next_cursor"]?.string != nil {
            StandardError.writeLine("there are more: raise --limit")
        }
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
