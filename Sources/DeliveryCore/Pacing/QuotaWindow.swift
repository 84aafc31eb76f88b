/// The quota's window as operators see it: what it holds, and when that is released.
package struct QuotaWindow: Sendable, Hashable {
    /// Recipients that count against the quota now, even where they are more than the limit.
    package var held: Int
    /// Those of them whose calls are out, or about to go: when they are released isn't known.
    package var unanswered: Int
    /// How many recipients an ordinary campaign may address now, as far as the window goes.
    package var room: Int
    /// How many are released in each `step` from now on; with `unanswered` they are `held`.
    package var releases: [Int]

    package init(held: Int, unanswered: Int, room: Int, releases: [Int]) {
        self.held = held
        self.unanswered = unanswered
        self.room = room
        self.releases = releases
    }

    package static let step: Duration = .seconds(5)
    /// Holds after a crash last up to 75 seconds.
    package static let stepCount = 16
}
