import ArgumentParser
import Client
import Platform

/// Lists the webhooks, or sends one a test event.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "List the webhooks with their backlogs, or send one a test event.",
        discussion: "With --test it exits 1 where the webhook doesn't take the event."
    )

    @OptionGroup var options: ClientOptions

    @Option(
        help: ArgumentHelp("Send a test event to the webhook with this ID.", valueName: "id")
    )
    var test: Int?

    func run() async throws {
        let client = try options.client()
        guard let test else {
            let request = DaemonClient.Request(
                "GET",
                "/v1/webhooks",
                answer: .object(with: "items")
            )
            let answer = try await client.send(request)
            let list = WebhookList(try DaemonClient.parse(answer))
            return try options.print(answer, or: list.text)
        }
        let request = DaemonClient.Request(
            "POST",
            "/v1/webhooks/\(test)/test",
            answer: .object(with: "at")
        )
        let answer = try await client.send(request)
        guard let result = WebhookTry(try DaemonClient.parse(answer)) else {
            throw CommandFailure(.unreachable, "the answer isn't a fanoutd's")
        }
        let words = result.isSettled ? "took it" : "didn't take it"
        try options.print(answer, or: "webhook \(test) \(words): \(result.text)\n")
        if !result.isSettled { throw CommandFailure(.incomplete, "") }
    }
}
