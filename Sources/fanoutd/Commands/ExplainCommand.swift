import ArgumentParser
import Client
import Platform

/// Says why a campaign, or all sending, moves no faster.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a campaign, or all sending, doesn't move, or moves no faster.",
        discussion: "The cause that lasts longest comes first, and what can be done about it below."
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign; all sending if there is none.") var id: String?

    func run() async throws {
        let answer = try await options.client().send(.explanation(of: id))
        try options.print(answer, or: try text(answer))
    }

    private func text(_ answer: [UInt8]) throws(CommandFailure) -> String {
        let subject = id == nil ? "all sending" : "the campaign"
        return ExplanationView(try DaemonClient.parse(answer), of: subject).text
    }
}
