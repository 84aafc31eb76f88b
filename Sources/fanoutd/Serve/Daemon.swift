import Logging

/// The composition root: builds the daemon's parts from a configuration and runs them.
package struct Daemon: Sendable {
    package let configuration: Configuration
    package let log: StandardErrorLog
    package let environment: [String: String]

    package init(
        configuration: Configuration,
        log: StandardErrorLog,
        environment: [String: String]
    ) {
        self.configuration = configuration
        self.log = log
        self.environment = environment
    }

    /// Runs until it is told to stop; `reload` reads the configuration again.
    package func run(
        reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        let token = try TokenFile.open(configuration.tokenFile)
        let logger = log.logger("fanoutd")
        if token.isNew {
            logger.notice("Token made", metadata: ["file": "\(configuration.tokenFile)"])
        }
        let run = DaemonRun(configuration: configuration, log: log, environment: environment)
        let readiness = Readiness(waitingFor: 1, whenComplete: run.announceReady)
        readiness.arrived()
        try await run.run(
            DaemonRun.Parts(
                services: [],
                status: { "running" },
                isAlive: { true },
                reload: { DaemonRun.reload(reload, into: log) }
            )
        )
    }
}
