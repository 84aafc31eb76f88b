import ServiceLifecycle
import UnixSignals

/// Runs a reload for each SIGHUP, one after the other.
struct HangupReload: Service {
    let reload: @Sendable () async -> Void

    func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        for await _ in hangups.cancelOnGracefulShutdown() {
            await reload()
        }
    }
}
