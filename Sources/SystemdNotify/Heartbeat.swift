import ServiceLifecycle

/// Has the service prove, again and again, that it works, and tells the manager so and how it does.
///
/// The watchdog is fed only while `isAlive` says so: a hung loop must be noticed. It goes on through
/// a graceful shutdown, for the last calls may take longer than the watchdog's patience; so put it
/// first in a service group, whose first service is shut down last.
///
/// A service at rest beats seldom, for each beat wakes up all that it proves. Where nobody listens it
/// beats too: a proof finds out what fails in a service that nobody uses.
package struct Heartbeat<C: Clock>: Service where C.Duration == Duration {
    private let socket: NotifySocket
    private let watchdog: Watchdog?
    private let clock: C
    private let status: @Sendable () async -> String
    private let isAlive: @Sendable () async -> Bool

    /// How often it beats while the status changes, unless the watchdog wants more.
    private static var busyInterval: Duration { .seconds(5) }
    /// And while it stays the same.
    private static var restInterval: Duration { .seconds(30) }

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
        do {
            try await cancelWhenGracefulShutdown {
                var before: String?
                while true {
                    let told = await beat()
                    let interval = told == before ? Self.restInterval : Self.busyInterval
                    before = told
                    try await clock.sleep(for: min(interval, watchdog?.interval ?? interval))
                }
            }
        } catch is CancellationError {
            // The shutdown has come: the service ends as it should.
            return
        }
    }

    /// Says once how things are; answers the status, or nil where nobody listens.
    private func beat() async -> String? {
        guard socket.address != nil else {
            _ = await isAlive()
            return nil
        }
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
        }
        return text
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
