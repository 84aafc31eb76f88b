import ArgumentParser
import Client
import JSON
import Platform

/// Checks which accounts of a draft exist.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find the accounts of a draft that don't exist, before it is started.",
        discussion: """
            Nobody is sent anything, and nothing is spent of the quota. Accounts that don't exist \
            become failed with code 70107, and the start leaves them out.
              fanoutd check ID; fanoutd export ID --status failed; fanoutd start ID

            Ends with code 0 when every account exists, with 1 when some are missing or couldn't be \
            checked, and when the check was stopped or is halted.
            """
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var job: JobOptions
    @Argument(help: "The campaign, a draft.") var id: String

    func run() async throws {
        try await job.run(.check, id, options)
    }
}

/// Looks unknown recipients up.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Look up whether unknown recipients got the message.",
        discussion: """
            Each is looked for in its own history. Who has the message becomes sent; who hasn't \
            stays unknown, and can be sent to again:
              fanoutd verify ID; fanoutd retry ID --status unknown
            That sends twice only where a history was wiped between the call and the look-up.

            Ends with code 0 when everybody was found, with 1 when some are absent or nobody can \
            know, and when the verification was stopped or is halted.
            """
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var job: JobOptions
    @Argument(help: "The campaign.") var id: String

    func run() async throws {
        try await job.run(.verify, id, options)
    }
}

/// Takes a campaign's message back.
struct RecallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall",
        abstract: "Take a campaign's message back from everyone it was sent to.",
        discussion: """
            Pause or cancel the campaign first. The message leaves the recipients' histories and \
            their clients, which can't be undone; a notification on a lock screen stays. Before \
            anything is done it says how many messages it takes back and how long that takes, and \
            asks for the campaign's name; where nobody can be asked it wants --yes.

            Ends with code 0 when all were taken back, with 1 when some were missing or refused, and \
            when the recall was stopped or is halted; with 65 when the name is another.
            """
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var job: JobOptions

    @Option(
        help: ArgumentHelp(
            "A rate of its own, at most jobs.recallCallsPerSecond.",
            valueName: "number"
        )
    )
    var callsPerSecond: Int?

    @Flag(help: "Don't ask.")
    var yes = false

    @Argument(help: "The campaign.") var id: String

    func validate() throws {
        guard !job.stop || (callsPerSecond == nil && !yes) else {
            throw ValidationError("--stop goes with neither --calls-per-second nor --yes")
        }
    }

    func run() async throws {
        if !job.stop { try await agree() }
        let body = callsPerSecond.map { rate in
            JSONText.document { $0.field("calls_per_second", rate) }
        }
        try await job.run(.recall, id, options, body: body)
    }

    /// Says what is going to happen, and makes sure that it is wanted.
    private func agree() async throws {
        let campaign = try await options.client().campaign(id)
        let notice = RecallNotice(campaign, callsPerSecond: callsPerSecond)
        StandardError.writeLine(notice.text)
        if yes { return }
        guard StandardInput.isTerminal else {
            throw CommandFailure(.usage, "it can't be undone: say --yes to go on")
        }
        StandardError.write(notice.question)
        guard notice.isAgreed(StandardInput.line() ?? "") else {
            throw CommandFailure(.badData, "that is another name; nothing was done")
        }
    }
}

/// What every job's command can do.
struct JobOptions: ParsableArguments {
    @Flag(help: "Stop it; what it found stays.")
    var stop = false

    @Flag(help: "Don't stay to show its progress.")
    var detach = false

    func validate() throws {
        guard !stop || !detach else {
            throw ValidationError("give --stop or --detach, one of them")
        }
    }

    /// Stops a job, or starts it and follows it to its end.
    func run(
        _ kind: JobView.Kind,
        _ id: String,
        _ options: ClientOptions,
        body: [UInt8]? = nil
    ) async throws {
        let job = JobRequest(client: try options.client(), id: id, kind: kind)
        if stop { return try options.print(try await job.stop()) }
        let started = try await job.start(body)
        if detach { return try options.print(started) }
        let (ended, campaign) = try await Interruption(.job(kind, id)).guarding(job.client) {
            try await job.follow()
        }
        if options.json { try options.print(try await job.client.send(.campaign(id))) }
        try ended.conclude(campaign.id)
    }
}
