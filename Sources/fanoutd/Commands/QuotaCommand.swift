package import ArgumentParser
import Client

/// Shows where the quota and the service stand.
package struct QuotaCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "Show the state of all sending and how much of the quota is used."
    )

    @OptionGroup package var options: ClientOptions

    package init() {}

    package func run() async throws {
        try options.print(try await options.client().send(.quota))
    }
}
