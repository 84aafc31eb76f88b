import ArgumentParser
import Client
import Platform

/// Streams more recipients into a draft.
struct AddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add recipients to a draft.",
        discussion: """
            Those it has already are dropped, so a list that broke off can be sent again as a whole.
            """
    )

    @OptionGroup var options: ClientOptions

    @Argument(help: "The campaign.")
    var id: String

    @Option(
        help: ArgumentHelp("The recipients; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var to: String

    @Option(help: "How the recipients are written: text, ndjson or csv.")
    var format: RecipientFile.Format?

    func run() async throws {
        let file = try RecipientFile(path: to, format: format)
        file.tellHint()
        let client = try options.client()
        let answer = try await Interruption(.draft(id)).guarding(client) {
            try await client.upload(file, to: id)
        }
        let intake = IntakeView(try DaemonClient.parse(answer))
        if options.json {
            try options.print(answer)
        } else {
            StandardError.writeLine(intake.text)
        }
        guard intake.invalid == 0 || intake.accepted + intake.duplicates > 0 else {
            throw CommandFailure(.badData, "\(file) holds no valid recipient")
        }
    }
}
