import DeliveryCore

/// The part of the history that so many minutes are, the running one included.
struct TrafficHistory {
    let length: TrafficStep.Length
    /// When its first step begins.
    let start: Timestamp
    /// How many steps it has at most.
    let stepLimit: Int

    /// The store keeps 31 days.
    static let minutes = 1...44_640
    static let standardMinutes = 60
    /// Of more than a day there are hours.
    private static let minuteLimit = 1_440
    /// What a step takes in memory at most, as the store found it and as text.
    static let stepMemory = 512

    init(minutes: Int, now: Timestamp) {
        length = minutes > Self.minuteLimit ? .hour : .minute
        let first = now.step(.minute).advanced(by: .seconds(-60 * (minutes - 1)))
        start = first.step(length)
        stepLimit = length == .hour ? minutes / 60 + 2 : minutes
    }
}

extension Timestamp {
    /// When the step of the wall clock began in which it lies.
    func step(_ length: TrafficStep.Length) -> Timestamp {
        let size = length.duration.milliseconds
        let past = milliseconds % size
        return Timestamp(milliseconds: milliseconds - (past < 0 ? past + size : past))
    }
}
