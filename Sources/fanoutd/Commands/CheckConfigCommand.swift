import ArgumentParser
import Platform

/// Validates a configuration and shows its values.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Validate the configuration and print what is in effect, secrets redacted.",
        discussion: """
            Prints the effective configuration, defaults and FANOUTD_… variables included, with \
            where each value came from. Every fault is named at once; then the exit code is 78.
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
        try StandardOutput.write(loaded.text)
    }
}
