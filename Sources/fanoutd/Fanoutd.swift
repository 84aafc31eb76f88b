package import ArgumentParser
import Platform

/// The command line's root.
@main package struct Fanoutd: AsyncParsableCommand {
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "fanoutd",
        abstract: "Sends one message to very many Tencent IM users, within the app's quota.",
        discussion: """
            Have a first look:          fanoutd demo
            Run the service:            fanoutd serve --config /etc/fanoutd/fanoutd.yaml
            Check its configuration:    fanoutd check-config --config /etc/fanoutd/fanoutd.yaml
            Find what could stop it:    fanoutd doctor --config /etc/fanoutd/fanoutd.yaml
            Send a message to a list:   fanoutd submit --message message.json --to users.txt --watch
            See what became of it:      fanoutd list; fanoutd show ID; fanoutd export ID
            Or why it doesn't move:     fanoutd explain ID
            Never address somebody:     fanoutd suppress ACCOUNT

            Client commands find the daemon by --url or FANOUTD_URL (http://127.0.0.1:8480 unless \
            told otherwise; of several nodes all, separated by commas) and its token by --token-file, FANOUTD_TOKEN_FILE, FANOUTD_TOKEN or in \
            /var/lib/fanoutd/token.

            Exit codes: 0 done, 1 done with warnings, or not everyone was sent (or found, or taken \
            back), 64 usage, 65 bad data, 69 daemon not reachable, 74 output can't be written, 75 \
            try again later, 77 refused, 78 configuration.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Service",
                subcommands: [
                    ServeCommand.self, CheckConfigCommand.self, DoctorCommand.self,
                    WebhooksCommand.self, BackupCommand.self, MoveCommand.self,
                    UserSigCommand.self,
                ]
            ),
            CommandGroup(
                name: "Trying out",
                subcommands: [DemoCommand.self, SimulatorCommand.self]
            ),
            CommandGroup(
                name: "Campaigns",
                subcommands: [
                    SubmitCommand.self, AddCommand.self, StartCommand.self, ListCommand.self,
                    ShowCommand.self, WatchCommand.self, PauseCommand.self, ResumeCommand.self,
                    CancelCommand.self, RetryCommand.self, DeleteCommand.self, ExportCommand.self,
                    PlanCommand.self, QuotaCommand.self, ExplainCommand.self,
                ]
            ),
            CommandGroup(
                name: "Recipients looked into",
                subcommands: [CheckCommand.self, VerifyCommand.self, RecallCommand.self]
            ),
            CommandGroup(
                name: "Who must not be addressed",
                subcommands: [
                    SuppressCommand.self, UnsuppressCommand.self, SuppressionsCommand.self,
                ]
            ),
        ]
    )

    package init() {}

    /// Runs a command and ends the process with the fitting exit code of `sysexits.h`.
    package static func main() async {
        StandardStreams.prepare()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            end(failure)
        } catch {
            end(error)
        }
    }

    private static func end(_ failure: CommandFailure) -> Never {
        if !failure.message.isEmpty {
            StandardError.writeLine("fanoutd: \(Redaction.redact(failure.message))")
        }
        exit(withError: ExitCode(failure.code.rawValue))
    }

    /// Prints the parser's text, help or a fault, and ends the process.
    private static func end(_ error: any Error) -> Never {
        let text = fullMessage(for: error)
        let code = exitCode(for: error)
        guard code.isSuccess else {
            if !text.isEmpty { StandardError.writeLine(Redaction.redact(text)) }
            exit(withError: code)
        }
        do throws(CommandFailure) {
            if !text.isEmpty { try StandardOutput.writeLine(text) }
        } catch {
            end(error)
        }
        exit(withError: code)
    }
}
