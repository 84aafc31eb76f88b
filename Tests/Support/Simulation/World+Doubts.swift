import DeliveryCore
import QueueTables

extension World {
    /// Asks, in the pause before the next event, why campaigns don't move.
    mutating func wonder(before instant: Instant) async throws {
        while let (id, at) = doubts.next(before: instant) {
            advance(to: max(at, real))
            guard let campaign = try await store.campaign(id) else {
                doubts[id] = nil
                continue
            }
            let next = real.advanced(by: wonder(about: campaign))
            doubts[id]?.asksAt = next
        }
    }

    /// Checks what is said of a campaign; says after how long it is worth asking again.
    private mutating func wonder(about campaign: Campaign) -> Duration {
        guard isUp, campaign.state == .running, campaign.counts.hasWork,
            let doubt = doubts[campaign.id]
        else { return .seconds(60) }
        let pause = doubt.movedAt.duration(to: real)
        guard pause >= Doubts.patience else { return Doubts.patience - pause }
        let explanation = dispatcher.explain(campaign, takesIn: false, now)
        let name = "campaign \(campaign.id) at \(elapsed)"
        guard let cause = explanation.causes.first else {
            if !explanation.isMoving { record.violated("nothing is said of \(name)") }
            return .seconds(1)
        }
        if cause.kind == .none {
            // What held it up may have ended this moment, and be noticed in the next.
            doubts[campaign.id]?.promise = nil
            doubts[campaign.id]?.isUnexplained = !doubt.isUnexplained
            guard doubt.isUnexplained else { return Doubts.slack }
            record.violated("\(name) doesn't move: \(cause.text)")
            // It may stand for days, and once a minute says so often enough.
            return .seconds(60)
        }
        doubts[campaign.id]?.isUnexplained = false
        if let promise = doubt.promise {
            guard promise.by <= real else { return real.duration(to: promise.by) }
            if cause.isStale(after: promise.cause) {
                record.violated("\(name) still waits as before: \(promise.cause), \(cause)")
            }
        }
        doubts[campaign.id]?.promise = nil
        guard let until = cause.until else { return .seconds(10) }
        let wait = max(.zero, now.timestamp.duration(to: until)) + Doubts.slack
        let promise = Doubts.Promise(cause: cause, by: real.advanced(by: wait))
        doubts[campaign.id]?.promise = promise
        return wait
    }
}

extension Explanation.Cause {
    /// Whether this says, after the end of an earlier one, the same once more.
    ///
    /// What others have a part in may begin anew: a probe fails, a notice takes the room that came
    /// back, an answer adds retries for which that room is too little. A campaign's own waits end
    /// when they are said to.
    fileprivate func isStale(after earlier: Explanation.Cause) -> Bool {
        guard kind == earlier.kind else { return false }
        switch kind {
        case .unreachable, .throttled, .storeFailed, .restartHold, .windowFull, .pace, .ownCap,
            .verifying:
            return until == earlier.until
        default: return true
        }
    }
}
