import DeliveryCore

/// What one transaction changes in the minutes' figures, written once at its end.
///
/// - `addressed` counts every recipient of a claim in its minute, those of repeats and retries too.
///   A call that certainly never went out is taken back from the claim's minute when it is recorded,
///   even if that minute is long over. So it counts calls that went out, or may have, refused ones
///   among them.
/// - `sent`, `failed`, `retrying` and `unknown` count in the minute in which a call's record or a
///   job's step brings a recipient into that status. They count news alone: neither what a cancel,
///   an expiry or a retry does to recipients without a call, nor whom a claim finds on the suppression
///   list, nor that those of a repeat which didn't go out wait again, nor that whom a look-up doesn't
///   show goes on waiting.
///
/// It is by the wall clock, for people to read; the quota has its ledger.
struct Traffic: Sendable {
    private var addressed = 0
    private var recorded = Counts()
    private var takenBack: [Timestamp: Int] = [:]
    /// The largest quota that the claims were made under; nil without any.
    private var quota: Int?

    /// How long minutes are kept: the longest month.
    static let reach: Duration = .seconds(31 * 86_400)

    mutating func address(_ count: Int, quota: Int) {
        addressed += count
        self.quota = max(quota, self.quota ?? 0)
    }

    /// Takes back recipients of a call that was claimed at a time.
    mutating func takeBack(_ count: Int, claimedAt time: Timestamp) {
        guard count > 0 else { return }
        takenBack[TrafficStep.Length.minute.start(of: time), default: 0] += count
    }

    /// Counts the recipients that came into a status between two states of a campaign's counters.
    mutating func record(_ new: Counts, since old: Counts, didGoOut: Bool = true) {
        for status in [Recipient.Status.sent, .failed, .unknown] {
            recorded[status] += max(0, new[status] - old[status])
        }
        if didGoOut { recorded.retrying += max(0, new.retrying - old.retrying) }
    }

    /// Writes the figures of the present minute, by one statement; calls taken back from an earlier
    /// one take another.
    func save(_ connection: any Connection, now: Timestamp, lastQuota: Int) throws {
        let minute = TrafficStep.Length.minute.start(of: now)
        var takenBack = takenBack
        if addressed + recorded.total > 0 {
            try connection.run(
                sql.traffic.add,
                .int(minute.milliseconds),
                .int(quota ?? lastQuota),
                .int(addressed),
                .int(recorded.sent),
                .int(recorded.failed),
                .int(recorded.retrying),
                .int(recorded.unknown),
                .int(takenBack.removeValue(forKey: minute) ?? 0)
            )
        }
        for (minute, count) in takenBack.sorted(by: { $0.key < $1.key }) {
            try connection.run(sql.traffic.takeBack, .int(minute.milliseconds), .int(count))
        }
    }
}

extension TrafficStep.Length {
    /// When the step of the wall clock began that a time lies in.
    func start(of time: Timestamp) -> Timestamp {
        let length = duration.milliseconds
        let rest = time.milliseconds % length
        return Timestamp(milliseconds: time.milliseconds - (rest < 0 ? rest + length : rest))
    }
}

extension TrafficStep {
    /// Reads a row, in the order of `TrafficStatements`.
    init(_ row: any Row) {
        self.init(
            start: Timestamp(milliseconds: row.int64(0)),
            limit: row.int(1),
            addressed: row.int(2),
            sent: row.int(3),
            failed: row.int(4),
            retrying: row.int(5),
            unknown: row.int(6)
        )
    }
}
