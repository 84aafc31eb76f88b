import ArgumentParser
import Foundation
package import Platform

/// The option that names the configuration file.
package struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The configuration file, YAML.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var config = "/etc/fanoutd/fanoutd.yaml"

    package init() {}

    /// Reads the file and the environment; the failure has every fault and exit code 78.
    package func load(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandFailure) -> ConfigurationLoader.Loaded {
        do throws(CommandFailure) {
            try FileName.check(config, of: "--config")
        } catch {
            throw CommandFailure(.configuration, error.message)
        }
        do {
            return try ConfigurationLoader.load(config, environment: environment)
        } catch {
            let count = error.faults.count
            throw CommandFailure(
                .configuration,
                "the configuration has \(count == 1 ? "a fault" : "\(count) faults"):\n"
                    + error.description
            )
        }
    }
}
