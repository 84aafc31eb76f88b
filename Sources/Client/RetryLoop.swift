package import Platform

/// Repeats a request while that may succeed, for as long as a person waits.
///
/// Only for idempotent requests: with an Idempotency-Key, or asking for a state.
package struct RetryLoop: Sendable {
    /// Whether the daemon has answered before; a refused connection then means a restart.
    private let isKnown: Bool
    private var tries = 0

    private static let tryLimit = 6
    /// A daemon that asks for a longer pause has a fault that the user should know of.
    private static let longestPause = Duration.seconds(30)

    package init(isKnown: Bool) {
        self.isKnown = isKnown
    }

    /// The pause before the next try; nil for none.
    package mutating func pause(after failure: CommandFailure) -> Duration? {
        let retry = failure.retry ?? (isKnown && failure.code == .unreachable ? .soon : nil)
        guard let retry, tries < Self.tryLimit - 1 else { return nil }
        let own = Duration.seconds(1 << tries)
        tries += 1
        switch retry {
        case .soon: return min(own, Self.longestPause)
        case .after(let pause): return pause <= Self.longestPause ? pause : nil
        }
    }

    /// Sends a request until it succeeds or another try is useless.
    package mutating func run<Value>(
        saying say: (String) -> Void = StandardError.writeLine,
        _ request: () async throws(CommandFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        while true {
            let failure: CommandFailure
            do throws(CommandFailure) {
                return try await request()
            } catch {
                failure = error
            }
            guard let pause = pause(after: failure) else { throw failure }
            say(
                "fanoutd: \(failure.message)\n  trying again in \(Int(pause / .seconds(1))) s"
            )
            do {
                try await ContinuousClock().sleep(for: pause)
            } catch {
                throw failure
            }
        }
    }
}
