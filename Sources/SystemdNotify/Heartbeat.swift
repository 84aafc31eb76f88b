import ServiceLifecycle

/// Tells the manager, again and again, how the service does and that it works.
///
/// The watchdog is fed only while `isAlive` says so: a hung loop must be noticed. It goes on through
/// a graceful shutdown, for the last calls may take longer than the watchdog's patience; so put it
/// first in a service group, whose first service is shut down last.
package struct Heartbeat<C: Clock>: Service where C.Duration == Duration {
    private let socket: NotifySocket
    private let watchdog: Watchdog?
    private let clock: C
    private let status: @Sendable () async -> String
    private let isAlive: @Sendable () async -> Bool

    /// How often the status is told where no watchdog wants more.
    private static var statusInterval: Duration { .seconds(5) }

    package init(
        socket: NotifySocket,
        watchdog: Watchdog?,
        clock: C,
        status: @escaping @Sendable () async -> String,
        isAlive: @escaping @Sendable () async -> Bool
    ) {
        self.socket = socket
        self.watchdog = watchdog
        self.clock = clock
        self.status = status
        self.isAlive = isAlive
    }

    package func run() async throws {
        let interval = min(watchdog?.interval ?? Self.statusInterval, Self.statusInterval)
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    await beat()
                    try await clock.sleep(for: interval)
                }
            }
        } catch is CancellationError {
            // The shutdown has come: the service ends as it should.
            return
        }
    }

    /// Says once how things are.
    package func beat() async {
        var text = await status()
        if text.isEmpty { text = "running" }
        do {
            if await isAlive() {
                try socket.send(.status(text), .watchdog)
            } else {
                try socket.send(.status(text))
            }
        } catch {
            // The manager will say that it heard nothing; the service itself is not at fault.
            return
        }
    }
}

/// Says STOPPING=1 as soon as a graceful shutdown begins.
///
/// Put it last in a service group, whose last service is shut down first.
package struct StoppingNotice: Service {
    private let socket: NotifySocket

    package init(socket: NotifySocket) {
        self.socket = socket
    }

    package func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // Stopped without grace: the manager hears it all the same.
        }
        do {
            try socket.send(.stopping, .status("finishing the calls in flight"))
        } catch {
            return
        }
    }
}
