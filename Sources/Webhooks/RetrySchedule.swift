/// How long is waited between the tries of an event.
enum RetrySchedule {
    /// After the first failed try, the second and so on; the last one repeats.
    static let waits: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1_800), .seconds(7_200),
        .seconds(21_600),
    ]

    /// How long an event is tried.
    static let patience: Duration = .seconds(3 * 86_400)

    /// The longest that a hook which fails is left alone while other events are due: so it is seen
    /// within minutes that it is back, and a backlog costs a try each time, not one an event.
    static let longestRest: Duration = .seconds(120)

    /// The wait after so many failed tries, spread by a tenth each way.
    static func wait(
        after failures: Int,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        precondition(failures > 0, "a wait follows a failed try")
        let wait = waits[min(failures, waits.count) - 1]
        return wait * Double.random(in: 0.9...1.1, using: &random)
    }
}
