import Client
import Glibc
import Logging
import ServiceLifecycle
import SystemdNotify
import UnixSignals

/// The surroundings of every run of the daemon: signals, deadlines, systemd.
struct DaemonRun: Sendable {
    var configuration: Configuration
    var log: StandardErrorLog
    var notify: NotifySocket
    var watchdog: Watchdog?

    init(
        configuration: Configuration,
        log: StandardErrorLog,
        environment: [String: String]
    ) {
        self.configuration = configuration
        self.log = log
        notify = NotifySocket(environment: environment)
        watchdog = Watchdog(environment: environment, processID: getpid())
    }

    /// The services of a run, and the answers for systemd and its watchdog.
    struct Parts: Sendable {
        /// In the order of their start; they are shut down in the opposite order, each after the
        /// one before has ended.
        var services: [any Service]
        var status: @Sendable () async -> String
        var isAlive: @Sendable () async -> Bool
        var reload: @Sendable () async -> Void
        /// Ends the run, gracefully, when it is done or fails.
        var guest: (any Service)?
    }

    /// What to give `StartupLatch`: tells the manager that requests are taken now.
    var announceReady: @Sendable () -> Void {
        let run = self
        return { run.tell(.ready) }
    }

    /// Sends a notification to the service manager.
    func tell(_ notification: ServiceNotification) {
        do {
            try notify.send(notification)
        } catch {
            log.logger("fanoutd").error(
                "The service manager can't be told",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Runs until SIGTERM or SIGINT, then until the calls in flight are finished and recorded.
    ///
    /// A second signal changes nothing: deadlines bound a shutdown that hangs.
    func run(_ parts: Parts) async throws {
        let heartbeat = Heartbeat(
            socket: notify,
            watchdog: watchdog,
            clock: ContinuousClock(),
            status: parts.status,
            isAlive: parts.isAlive
        )
        // A run with a guest has no configuration file, and ends with its terminal's SIGHUP.
        let reload: [any Service] = parts.guest == nil ? [HangupReload(reload: parts.reload)] : []
        let hangup: [UnixSignal] =
            parts.guest != nil && Interruption.isHeeded(.sighup) ? [.sighup] : []
        let all: [any Service] =
            [heartbeat] + reload + parts.services + [StoppingNotice(socket: notify)]
        let guest = parts.guest.map {
            ServiceGroupConfiguration.ServiceConfiguration(
                service: $0,
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup
            )
        }
        var group = ServiceGroupConfiguration(
            services: all.map {
                // The others shut down gracefully: a server that is cancelled during its shutdown
                // logs another error beside the one that matters.
                .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
            } + (guest.map { [$0] } ?? []),
            gracefulShutdownSignals: [.sigterm, .sigint] + hangup,
            logger: log.logger("lifecycle")
        )
        group.maximumGracefulShutdownDuration =
            configuration.provider.callTimeout + Configuration.stopMargin
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }
}
