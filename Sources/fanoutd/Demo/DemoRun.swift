import Logging

/// The composition of a demo: simulator, daemon and a store that is thrown away, in one process.
package struct DemoRun: Sendable {
    package let recipients: Int
    package let keeps: Bool

    package init(recipients: Int, keeps: Bool) {
        self.recipients = recipients
        self.keeps = keeps
    }

    /// The configuration of the demo's daemon, against a simulator on a port of this machine.
    package static func configuration(folder: String, simulatorPort: Int) -> Configuration {
        var configuration = Configuration()
        configuration.http.listen = .tcp(host: "127.0.0.1", port: 0)
        configuration.store.path = folder + "/fanoutd.sqlite"
        // A demo must not fail because the disk of a temporary folder is small.
        configuration.store.minFreeBytes = 0
        configuration.tencent.sdkAppId = 1_400_000_000
        configuration.tencent.endpoint = Endpoint(
            isSecure: false,
            host: "127.0.0.1",
            port: simulatorPort
        )
        // Retries are to be seen within a demo's half minute.
        configuration.retry.baseSeconds = 1
        configuration.log.level = .warning
        return configuration
    }

    package func run() async throws {
        throw CommandFailure(.configuration, "the demo's parts are not composed")
    }
}
