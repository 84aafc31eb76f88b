import ArgumentParser
import Client
import JSON
import Platform

/// Puts failed, unknown or suppressed recipients back in the queue.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Send once more to a campaign's failed and unknown recipients.",
        discussion: """
            An unknown recipient may have got the message: with --status unknown, or without \
            --status, some may get it twice. Those that failed with one code:
              fanoutd retry ID --status failed --code 70169

            Who is suppressed is put back only where that is said. Those that are still on the list \
            become suppressed again:
              fanoutd unsuppress ACCOUNT; fanoutd retry ID --status suppressed
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The campaign.") var id: String

    @Option(help: ArgumentHelp("Only these: failed, unknown or suppressed.", valueName: "status"))
    var status: [String] = []

    @Option(help: ArgumentHelp("Only those that failed with this code.", valueName: "code"))
    var code: [Int] = []

    func run() async throws {
        var request = DaemonClient.Request(
            "POST",
            DaemonClient.path(id, "/retry"),
            answer: .object(with: "requeued"),
            body: .json(body)
        )
        request.mayTakeLong = true
        let answer = try await options.client().send(request)
        let count = try DaemonClient.parse(answer)["requeued"]?.integer ?? 0
        try options.print(answer, or: "\(count.grouped) put back in the queue\n")
    }

    var body: [UInt8] {
        JSONText.document {
            if !status.isEmpty { $0.array("status", of: status) { $0.string($1) } }
            if !code.isEmpty { $0.array("codes", of: code) { $0.number($1) } }
        }
    }
}
