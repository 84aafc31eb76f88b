import ArgumentParser
import DeliveryCore
import Foundation
import Logging
import NIOCore
import Platform

/// Runs the daemon in the foreground.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the daemon in the foreground.",
        discussion: """
            SIGTERM and SIGINT stop it: no new calls, those in flight are finished and recorded. \
            SIGHUP reads the configuration again; the log names what waits for a restart. \
            Logs go to standard error. A configuration with faults is refused with code 78.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        // A loop costs memory even where it is idle. The endpoint has one of its own, and one is
        // enough for all calls of the largest quota.
        NIOSingletons.groupLoopCountSuggestion = 1
        let options = options
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.load().configuration
        let format = configuration.log.format.resolved(
            journalStream: environment["JOURNAL_STREAM"],
            standardError: StandardError.identity
        )
        let clock = SystemClock()
        let log = StandardErrorLog(format: format, level: configuration.log.level) {
            clock.now().timestamp
        }
        for warning in configuration.serviceWarnings {
            log.logger("configuration").warning("\(warning)")
        }
        defer { log.flush() }
        let daemon = Daemon(configuration: configuration, log: log, environment: environment)
        do {
            try await daemon.run { try options.load().configuration }
        } catch {
            let failure = DaemonEnd.failure(error, configuration)
            // Through the log: standard error may be blocked, and the log's end waits for a moment
            // only.
            log.end(saying: "fanoutd: \(failure.message)")
            throw CommandFailure(failure.code, "")
        }
    }
}
