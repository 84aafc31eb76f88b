extension Dispatcher {
    /// The next step of a retry, and who waits for its end.
    struct RetryStep: Sendable {
        let request: Request
        let write: Write
    }

    /// Keeps the next step of a retry that hasn't looked at everybody; false if it has
    /// its end, which is what whoever asked waits for.
    ///
    /// Such a campaign may have millions of recipients, and every claim would wait for one
    /// transaction that puts them all back. A crash between two steps ends it: what was put back
    /// stays so, and a repeated retry finds the others.
    mutating func goesOn(
        with write: Write,
        after result: Result<WriteResult.Change, ChangeRefusal>,
        for request: Request,
        now: Now,
        into effects: inout [Effect]
    ) -> Bool {
        guard case .retry(let id, let filter, _) = write else { return false }
        retryStepAt = now.instant.advanced(by: Self.sweepRest)
        guard case .success(let change) = result, let next = change.next else { return false }
        guard !isDraining else {
            effects.append(.reply(request, .stopping))
            return true
        }
        retrySteps.append(RetryStep(request: request, write: .retry(id, filter, after: next)))
        return true
    }

    /// Puts a step of one retry in the commit.
    mutating func planRetry(_ now: Now) {
        guard storeFault == nil, let step = retrySteps.first else { return }
        guard retryStepAt <= now.instant else { return note(retryStepAt) }
        retrySteps.removeFirst()
        pending.append(.change(step.request, step.write))
    }

    /// Notes that a campaign has ended and what waited in it hasn't, which goes in steps as well.
    ///
    /// Nobody waits for it. After a crash it goes on, since the queue knows of it.
    mutating func goOnClosing(_ change: WriteResult.Change, now: Now) {
        guard change.isClosing, !closings.contains(change.work.id) else { return }
        closings.append(change.work.id)
        retryStepAt = max(retryStepAt, now.instant.advanced(by: Self.sweepRest))
    }

    /// Puts a step of closing one campaign in the commit.
    mutating func planClosing(_ now: Now) {
        guard !isDraining, storeFault == nil, let id = closings.first else { return }
        guard retryStepAt <= now.instant else { return note(retryStepAt) }
        closings.removeFirst()
        pending.append(.close(id))
    }

    /// Ends the retries that wait for their next step.
    mutating func endRetries(_ reply: Reply, into effects: inout [Effect]) {
        for step in retrySteps { effects.append(.reply(step.request, reply)) }
        retrySteps = []
    }
}
