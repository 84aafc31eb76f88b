import Client
import Glibc
import Logging
import ServiceLifecycle
import SystemdNotify
import UnixSignals

/// What every run of the daemon has around its own services: signals, deadlines, systemd.
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

    /// A service that tells READY=1 when it is done starting, and what the heartbeat asks it.
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

    /// Tells the service manager something that it waits for.
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
    /// A second signal changes nothing: the deadlines end a shutdown that hangs.
    func run(_ parts: Parts) async throws {
        let heartbeat = Heartbeat(
            socket: notify,
            watchdog: watchdog,
            clock: ContinuousClock(),
            status: parts.status,
            isAlive: parts.isAlive
        )
        // A run for a guest has no file to read again, and ends with the terminal that it is shown on.
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
                // The others end by their own way: a server that is cancelled while it is shut down
                // logs that as an error beside the one that matters.
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
