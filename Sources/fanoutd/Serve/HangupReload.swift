import ServiceLifecycle
import UnixSignals

/// Runs a reload for each SIGHUP, one after the other.
package struct HangupReload: Service {
    private let reload: @Sendable () async -> Void

    package init(reload: @escaping @Sendable () async -> Void) {
        self.reload = reload
    }

    package func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        for await _ in hangups.cancelOnGracefulShutdown() {
            await reload()
        }
    }
}
