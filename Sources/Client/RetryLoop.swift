package import Platform

/// Sends a request again while that may help, for so long as a person waits.
///
/// Only for requests that are harmless to repeat: with an Idempotency-Key, or such that ask for a
/// state.
package struct RetryLoop: Sendable {
    /// Whether the daemon has answered before, so that one which is gone is being restarted.
    private let isKnown: Bool
    private var tries = 0

    private static let tryLimit = 6
    /// A daemon that asks for more than this has a trouble that a person should know of.
    private static let longestPause = Duration.seconds(30)

    package init(isKnown: Bool) {
        self.isKnown = isKnown
    }

    /// How long to wait before the next try; nil if there shall be none.
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

    /// Makes a request until it succeeds or nothing is to be hoped of another try.
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
