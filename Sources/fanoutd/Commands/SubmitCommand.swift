package import ArgumentParser
import JSON

/// Creates a campaign, streams its recipients and starts it.
package struct SubmitCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
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
            """
    )

    @OptionGroup package var options: ClientOptions
    @OptionGroup package var settings: CampaignOptions

    @Option(
        help: ArgumentHelp("The message, a JSON file; - is standard input.", valueName: "file"),
        completion: .file(extensions: ["json"])
    )
    package var message: String

    @Option(
        help: ArgumentHelp("The recipients; - is standard input.", valueName: "file"),
        completion: .file()
    )
    package var to: String

    @Option(help: "How the recipients are written: text, ndjson or csv.")
    package var format: RecipientFile.Format?

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
    package var idempotencyKey: String?

    @Flag(help: "Stay and show progress until the campaign has ended; code 1 unless all were sent.")
    package var watch = false

    package init() {}

    package func validate() throws {
        guard message != "-" || to != "-" else {
            throw ValidationError("only one of --message and --to can be standard input")
        }
    }

    package func run() async throws {
        let client = try options.client()
        let file = try RecipientFile(path: to, format: format)
        let body = try settings.body(message: MessageFile.read(message))
        file.tellHint()
        let interruption = Interruption(.creating)
        try await interruption.guarding(client) {
            let id = try await create(body, on: client)
            interruption.reach(.draft(id))
            let started = try await fillAndStart(id, from: file, on: client)
            interruption.reach(.started(id))
            try tell(id, answer: started)
            guard watch else { return }
            try CampaignWatch.conclude(try await CampaignWatch(client: client, id: id).run())
        }
    }

    /// Prints what the command is asked for; an id that can't be printed must not be lost.
    private func tell(_ id: String, answer: [UInt8]) throws(CommandFailure) {
        do throws(CommandFailure) {
            try StandardOutput.writeLine(
                options.json ? String(decoding: answer, as: UTF8.self) : id
            )
        } catch {
            StandardError.writeLine("fanoutd: the campaign \(id) is made and goes on")
            throw error
        }
    }

    /// Fills and starts a draft, unless an earlier submit with the same key has done so.
    private func fillAndStart(
        _ id: String,
        from file: RecipientFile,
        on client: DaemonClient
    ) async throws(CommandFailure) -> [UInt8] {
        // Before a long list is sent for nothing.
        if idempotencyKey != nil, let earlier = try await submitted(id, on: client) {
            Self.tell(of: earlier)
            return earlier.answer
        }
        var isFilled = false
        do throws(CommandFailure) {
            try await fill(id, from: file, on: client)
            isFilled = true
            return try await start(id, on: client)
        } catch {
            // Refused may mean that a request whose answer was lost did it already.
            let mayBeDone = error.code == .refused || error.code == .badData
            if mayBeDone, let earlier = try await submitted(id, on: client) {
                // Where the list is in, it was this submit that started it.
                if !isFilled { Self.tell(of: earlier) }
                return earlier.answer
            }
            let addition = isFilled ? "" : "fanoutd add \(id) --to FILE; "
            StandardError.writeLine(
                "fanoutd: the draft \(id) stays with what was taken in; go on with\n"
                    + "  \(addition)fanoutd start \(id)\n"
                    + "or remove it with\n  fanoutd delete \(id)"
            )
            throw error
        }
    }

    /// The campaign if it is no draft any more; throws if it isn't there any more.
    private func submitted(
        _ id: String,
        on client: DaemonClient
    ) async throws(CommandFailure) -> Submitted? {
        let answer: [UInt8]
        do throws(CommandFailure) {
            answer = try await client.send(.campaign(id))
        } catch {
            guard error.isMissing else { throw error }
            throw CommandFailure(
                .refused,
                "this key's campaign, \(id), was deleted after it was made; nothing was sent now."
                    + "\nTo send the message again, submit with another --idempotency-key, or none"
            )
        }
        let campaign = CampaignView(try DaemonClient.parse(answer))
        return campaign.state == "draft" ? nil : Submitted(campaign: campaign, answer: answer)
    }

    /// A campaign that has been started, and what the endpoint says of it.
    private struct Submitted {
        let campaign: CampaignView
        let answer: [UInt8]
    }

    private static func tell(of earlier: Submitted) {
        let campaign = earlier.campaign
        StandardError.writeLine(
            "fanoutd: submitted before as \(campaign.id), which is \(campaign.state); "
                + "nothing was added"
        )
    }

    /// Creates the draft; the key makes it safe to ask again.
    private func create(
        _ body: [UInt8],
        on client: DaemonClient
    ) async throws(CommandFailure) -> String {
        let key = idempotencyKey ?? RandomText.hexadecimal(bits: 128)
        let call = DaemonClient.Call(
            "POST",
            "/v1/campaigns",
            answer: .object(with: "id"),
            headers: [("Idempotency-Key", key)],
            body: .json(body)
        )
        var persistence = Persistence(isKnown: false)
        let answer = try await persistence.run { () throws(CommandFailure) in
            try await client.sendForJSON(call)
        }
        guard let id = answer["id"]?.string else {
            throw CommandFailure(.tryAgain, "the answer holds no id; is it a fanoutd?")
        }
        return id
    }

    /// Starts it; asked again, the daemon says that it has started.
    private func start(
        _ id: String,
        on client: DaemonClient
    ) async throws(CommandFailure) -> [UInt8] {
        var persistence = Persistence(isKnown: true)
        return try await persistence.run { () throws(CommandFailure) in
            try await client.send(.change(id, "/start"))
        }
    }

    private func fill(
        _ id: String,
        from file: RecipientFile,
        on client: DaemonClient
    ) async throws(CommandFailure) {
        var persistence = Persistence(isKnown: true)
        let answer = try await persistence.run { () throws(CommandFailure) in
            do throws(CommandFailure) {
                return try await client.upload(file, to: id)
            } catch {
                // A pipe is used up; what the daemon got of it stays in the draft.
                if !file.isRepeatable { throw error.final }
                throw error
            }
        }
        let intake = IntakeView(try DaemonClient.parse(answer))
        StandardError.writeLine(intake.text)
        guard intake.total > 0 else {
            throw CommandFailure(.badData, "\(file) holds no valid recipient")
        }
    }
}

extension RecipientFile.Format: ExpressibleByArgument {}
