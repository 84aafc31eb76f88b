import ArgumentParser
import Platform
import PostgresQueue

/// Validates a configuration and shows its values.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Validate the configuration and print what is in effect, secrets redacted.",
        discussion: """
            Prints the effective configuration, defaults and FANOUTD_… variables included, with \
            where each value came from. Every fault is named at once; then the exit code is 78. A \
            PostgreSQL that can be reached is looked at, too: one without a synchronous standby is \
            refused, unless store.postgres.requireSynchronous says otherwise.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "TimeoutStopSec of the unit, to warn of calls that could outlast it.",
            valueName: "seconds"
        )
    )
    var stopTimeout = 90

    func run() throws {
        let loaded = try options.load()
        let configuration = loaded.configuration
        let warnings = configuration.warnings(stopTimeout: .seconds(stopTimeout))
        for warning in warnings + configuration.provider.exposures.map(\.description) {
            StandardError.writeLine("fanoutd: warning: \(warning)")
        }
        try configuration.http.listen.checkName()
        try TokenFile.check(configuration)
        try Self.examineDatabase(configuration)
        try StandardOutput.write(loaded.text)
    }

    /// Refuses what a start would refuse; a database that can't be reached is waited for there.
    private static func examineDatabase(
        _ configuration: Configuration
    ) throws(CommandFailure) {
        guard let options = configuration.postgresOptions else { return }
        do throws(PostgresError) {
            _ = try PostgresInspection(options)
        } catch {
            let failure = DaemonEnd.failure(error, configuration)
            guard failure.code == .tryAgain else { throw failure }
            StandardError.writeLine("fanoutd: warning: \(failure.message)")
        }
    }
}
