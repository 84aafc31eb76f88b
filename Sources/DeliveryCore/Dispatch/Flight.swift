/// A call that is out.
struct Flight: Sendable {
    let batch: Batch
    let sentAt: Instant
    /// Whether it shows in an outage that calls get through again.
    let isTrial: Bool
    /// Refusals of its batch that an outage excused.
    var excusedRefusals = 0

    /// Whether its recipients are addressed for the first time.
    var isFirst: Bool {
        batch.attempts == 0 && !batch.maybeAccepted && batch.earlierAttempts.isEmpty
            && excusedRefusals == 0
    }

    /// The batch as it waits for its next call; nil if the resolution closes it.
    func reopened(by resolution: Resolution, isExcused: Bool, awaitsCheck: Bool) -> OpenBatch? {
        let isRepeat: Bool
        let dueAt: Timestamp
        switch resolution {
        case .settled, .unknown, .lookedUp, .split: return nil
        case .held(let due): (dueAt, isRepeat) = (due, false)
        case .repeated(let due, _, _): (dueAt, isRepeat) = (due, true)
        }
        var open = OpenBatch(
            id: batch.id,
            campaign: batch.campaign,
            count: batch.accounts.count,
            attempts: batch.attempts + (isRepeat ? 1 : 0),
            maybeAccepted: batch.maybeAccepted || isRepeat,
            dueAt: dueAt,
            isHalf: batch.isHalf
        )
        open.excusedRefusals = excusedRefusals + (isExcused ? 1 : 0)
        open.awaitsCheck = awaitsCheck
        return open
    }
}
