import ArgumentParser
import Client

/// Shows the state of the quota and the service.
struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Show the state of all sending and how much of the quota is used."
    )

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.post(.quota)
    }
}
