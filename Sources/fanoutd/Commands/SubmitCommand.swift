import ArgumentParser
import Client
import JSON
import Platform

/// Creates a campaign, streams its recipients and starts it.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Send a message to a list of users: create a campaign, fill it, start it.",
        discussion: """
            --message is a file with the message as Tencent spells it, without To_Account, \
            MsgRandom and MsgSeq:
              {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]}
            --to is a file with one UserID a line; .ndjson and .csv are told by their names, .gz is \
            sent as it is, and - is standard input. A list may have any length.

              fanoutd submit --message message.json --to users.txt.gz --name Notice --watch
              zcat *.gz | fanoutd submit --message message.json --to - --priority low

            A busy daemon or a connection that breaks is tried again, which never makes a second \
            campaign. Prints the campaign's id; what was taken in goes to standard error. Invalid \
            lines are left out with a warning; only if no line is valid nothing starts (code 65).

            With --check the accounts are looked up before the start, which spends nothing of the \
            quota, and those that don't exist are left out. If more of them than --max-missing allows \
            don't exist, the campaign stays a draft and the command ends with code 1.
            """
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var settings: CampaignOptions

    @Option(
        help: ArgumentHelp("The message, a JSON file; - is standard input.", valueName: "file"),
        completion: .file(extensions: ["json"])
    )
    var message: String

    @Option(
        help: ArgumentHelp("The recipients; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var to: String

    @Option(help: "How the recipients are written: text, ndjson or csv.")
    var format: RecipientFile.Format?

    @Option(
        help: ArgumentHelp(
            "A key of your own: the same submit again makes no second campaign.",
            discussion: """
                For 24 hours. A submit that broke off goes on; one that was done prints the id of \
                the campaign that is there.
                """,
            valueName: "key"
        )
    )
    var idempotencyKey: String?

    @Flag(help: "Check before the start that the accounts exist.")
    var check = false

    @Option(
        help: ArgumentHelp(
            "With --check: how many may be missing, in percent of the list (0).",
            valueName: "percent"
        )
    )
    var maxMissing: Double?

    @Flag(help: "Stay and show progress until the campaign has ended; code 1 unless all were sent.")
    var watch = false

    func validate() throws {
        guard message != "-" || to != "-" else {
            throw ValidationError("only one of --message and --to can be standard input")
        }
        guard check || maxMissing == nil else {
            throw ValidationError("--max-missing goes with --check")
        }
        guard maxMissing.map((0...100).contains) ?? true else {
            throw ValidationError("--max-missing: give 0 to 100, in percent")
        }
    }

    func run() async throws {
        let client = try options.client()
        let file = try RecipientFile(path: to, format: format)
        let body = try settings.body(message: MessageFile.read(message))
        file.tellHint()
        let interruption = Interruption(.creating)
        let submission = CampaignSubmission(client: client, file: file, key: idempotencyKey)
        try await interruption.guarding(client) {
            let id = try await submission.create(body)
            interruption.reach(.draft(id))
            let started = try await submission.fillAndStart(
                id,
                checking: try checking(id, interruption)
            )
            interruption.reach(.started(id))
            try tell(id, answer: started)
            guard watch else { return }
            try CampaignWatch.conclude(try await CampaignWatch(client: client, id: id).run())
        }
    }

    /// The step between filling and starting; nil for none.
    private func checking(
        _ id: String,
        _ interruption: Interruption
    ) throws(CommandFailure) -> (() async throws(CommandFailure) -> Void)? {
        guard check else { return nil }
        let check = DraftCheck(client: try options.client(), id: id, limit: maxMissing ?? 0)
        return { () async throws(CommandFailure) in
            interruption.reach(.checking(id))
            try await check.pass()
            interruption.reach(.draft(id))
        }
    }

    /// Prints the command's result; if that fails, the new campaign's id goes to standard error.
    private func tell(_ id: String, answer: [UInt8]) throws(CommandFailure) {
        do throws(CommandFailure) {
            try options.print(answer, or: id + "\n")
        } catch {
            StandardError.writeLine("fanoutd: the campaign \(id) is made and goes on")
            throw error
        }
    }
}

extension RecipientFile.Format: ExpressibleByArgument {}
