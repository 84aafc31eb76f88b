import ArgumentParser

/// Runs a demo of daemon and simulator in one process.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Have a first look: a simulated Tencent IM, the daemon and a campaign.",
        discussion: """
            Nothing is sent to anybody and nothing stays: a stand-in for Tencent IM listens on a \
            free port of this machine, and the store is thrown away. Of the recipients some don't \
            exist and some need retries, and the answer to one call gets lost, so that its recipients \
            are looked up; the end says what became of all. Code 0 only if every recipient ended as \
            it should.
            """
    )

    @Option(help: ArgumentHelp("How many recipients.", valueName: "number"))
    var recipients = 3_000

    @Flag(help: "Stay when the campaign has ended, and print URL, token and page to play with.")
    var keep = false

    func validate() throws {
        guard (1...10_000_000).contains(recipients) else {
            throw ValidationError("--recipients: give 1 to 10000000")
        }
    }

    func run() async throws {
        try await DemoRun(recipients: recipients, keeps: keep).run()
    }
}
