import ArgumentParser
import Client
import JSON
import Platform

/// Puts accounts on the suppression list.
struct SuppressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppress",
        abstract: "Put accounts on the list of those that must not be addressed.",
        discussion: """
            Who is on the list when its turn comes isn't addressed, whatever the campaign, and \
            becomes suppressed there. A call that is out already isn't undone.
              fanoutd suppress bonnie rong --reason "opted out by mail"
              fanoutd suppress --from opted-out.csv

            An account that is on the list already stays, with the new reason, or none. Those of a \
            file get no reason, and the ones that are on the list already stay as they are.
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The accounts.") var accounts: [String] = []

    @Option(help: ArgumentHelp("Why, in at most 200 bytes.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp("A list of accounts; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var from: String?

    @Option(help: "With --from: how the accounts are written: text, ndjson or csv.")
    var format: RecipientFile.Format?

    func validate() throws {
        guard accounts.isEmpty != (from == nil) else {
            throw ValidationError("give accounts, or a list of them with --from")
        }
        guard from == nil || reason == nil else {
            throw ValidationError("--reason goes with accounts; those of a list get none")
        }
        guard from != nil || format == nil else {
            throw ValidationError("--format goes with --from")
        }
        try accounts.checkNames()
    }

    func run() async throws {
        if let from { return try await suppress(listAt: from) }
        let client = try options.client()
        for account in accounts {
            let answer = try await client.send(.suppress(account, reason: reason))
            if options.json {
                try options.print(answer)
            } else {
                StandardError.writeLine("suppressed \(account)")
            }
        }
    }

    private func suppress(listAt path: String) async throws {
        let file = try RecipientFile(path: path, format: format)
        file.tellHint()
        let answer = try await options.client().suppress(file)
        let intake = IntakeView(try DaemonClient.parse(answer))
        if options.json {
            try options.print(answer)
        } else {
            StandardError.writeLine(intake.text(all: "on the list"))
        }
        guard intake.invalid == 0 || intake.accepted + intake.duplicates > 0 else {
            throw CommandFailure(.badData, "\(file) holds no valid account")
        }
    }
}

/// Takes accounts off the suppression list.
struct UnsuppressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unsuppress",
        abstract: "Take accounts off the list of those that must not be addressed.",
        discussion: """
            Campaigns address them from now on. Where they became suppressed they stay so until they \
            are put back:
              fanoutd retry ID --status suppressed

            Ends with code 65 when some weren't on the list; the others are taken off. With --json it \
            prints a line {"account": "ACCOUNT", "suppressed": false} for each that was.
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "The accounts.") var accounts: [String]

    func validate() throws {
        try accounts.checkNames()
    }

    func run() async throws {
        let client = try options.client()
        var missing: (names: [String], reason: String) = ([], "")
        for account in accounts {
            do throws(CommandFailure) {
                _ = try await client.send(.unsuppress(account))
            } catch {
                guard error.isMissing else { throw error }
                missing = (missing.names + [account], error.message)
                continue
            }
            try tell(account)
        }
        guard missing.names.isEmpty else {
            let names = missing.names.joined(separator: ", ")
            throw CommandFailure(.badData, "\(names): \(missing.reason)")
        }
    }

    private func tell(_ account: String) throws(CommandFailure) {
        guard options.json else { return StandardError.writeLine("unsuppressed \(account)") }
        // A delete's answer has no body.
        let text = JSONText { text in
            text.object {
                $0.field("account", account)
                $0.field("suppressed", false)
            }
        }
        try StandardOutput.writeLine(text.string)
    }
}

/// Shows the suppression list.
struct SuppressionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppressions",
        abstract: "Write the list of accounts that must not be addressed to standard output.",
        discussion: """
            With an account it shows since when that is on the list, and why; it ends with code 65 \
            when it isn't.
            """
    )

    @OptionGroup var options: ClientOptions
    @Argument(help: "Only this account.") var account: String?

    @Option(help: "csv or ndjson; --json is ndjson.")
    var format: RowFormat?

    func validate() throws {
        guard account == nil || format == nil else {
            throw ValidationError("--format is for the whole list; an account has --json")
        }
        try [account].compactMap(\.self).checkNames()
    }

    func run() async throws {
        let client = try options.client()
        guard let account else {
            return try await options.writeRows(
                of: "/v1/suppressions",
                as: format,
                expecting: nil,
                from: client
            )
        }
        let answer = try await client.send(.suppression(of: account))
        try options.print(answer, or: SuppressionView(try DaemonClient.parse(answer)).text)
    }
}

extension [String] {
    /// Refuses an account without bytes, which no path can name.
    fileprivate func checkNames() throws {
        guard !contains(where: \.isEmpty) else {
            throw ValidationError("an account has one byte or more; this one is empty")
        }
    }
}
