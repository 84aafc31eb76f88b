extension Dispatcher {
    /// Takes in what the queue held at the start.
    mutating func restore(_ restored: Restored, now: Now) {
        lifecycle = lifecycle.next(after: .restored)
        if limits.upkeep.interval != nil { operations.sweep(at: now.instant) }
        operations.restore(restored.closing)
        isPaused = restored.service.isPaused
        commits.serviceIsDurable(restored.service)
        if restored.service.halt != nil { reported.restoredHalt() }
        if credentials.restored(restored.service.halt, now: now.instant) {
            commits.add(.service(nil))
        }
        for hold in restored.holds { admission.restore(hold) }
        campaigns.restore(restored.holds)
        for work in restored.campaigns { update(work, now: now) }
        for batch in restored.open { campaigns[batch.campaign]?.open.append(batch) }
        for running in restored.jobs {
            jobs.begin(
                running.job.kind,
                of: running.campaign,
                perSecond: running.job.callsPerSecond,
                now: now.instant
            )
        }
        recordInterrupted(restored, now: now)
        for damage in restored.damaged {
            stop(damage.campaign, damage.text, isHalted: false)
        }
    }

    /// Calls that were out when the process ended may have been accepted.
    private mutating func recordInterrupted(_ restored: Restored, now: Now) {
        // A call's own timeout may have been longer than today's; the holds know it.
        let releaseAt = restored.holds.map(\.until).reduce(
            now.instant.advanced(by: LedgerEntry.window + limits.callTimeout + LedgerEntry.grace),
            max
        )
        // Campaigns that have ended are among them, which aren't kept.
        let policies = Dictionary(
            restored.campaigns.map { ($0.id, $0.settings.onUnknown) },
            uniquingKeysWith: { first, _ in first }
        )
        for batch in restored.inFlight {
            let flight = Flight(batch: batch, sentAt: now.instant, isTrial: false)
            let policy = policies[batch.campaign] ?? .resend
            let rule = outcomeRule(policy, now: now.timestamp)
            let resolution = rule.unknown(.interrupted, batch, using: &random)
            // Its recipients are among the holds already.
            record(resolution, of: flight, releaseAt: releaseAt)
        }
    }
}
