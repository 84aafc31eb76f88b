extension Dispatcher {
    /// For so long the store is there for calls alone between two steps of a sweep.
    ///
    /// A step takes a few milliseconds: so a sweep through millions of rows delays a claim by no more
    /// than one step, and takes a fifth of the store's time at most.
    static let sweepRest: Duration = .milliseconds(25)
    /// What removes rows may itself be what fails, and it must not hold up calls every second.
    static let sweepRestAfterFault: Duration = .seconds(60)

    /// Puts a step of a sweep in the commit, after all that calls wait for.
    mutating func planSweep(_ now: Now) {
        guard !isDraining, storeFault == nil, let sweepAt else { return }
        guard sweepAt <= now.instant else { return note(sweepAt) }
        self.sweepAt = nil
        let time = limits.upkeep.retention.map { now.timestamp.advanced(by: .zero - $0) }
        pending.append(.sweep(Write.Sweep(untouchedSince: time)))
    }

    mutating func swept(
        _ result: WriteResult.Swept,
        now: Now,
        into effects: inout [Effect]
    ) {
        let rest = result.hasMore ? Self.sweepRest : limits.upkeep.interval
        sweepAt = rest.map { now.instant.advanced(by: $0) }
        for id in result.retired { effects.append(.report(.retired(id))) }
    }
}
