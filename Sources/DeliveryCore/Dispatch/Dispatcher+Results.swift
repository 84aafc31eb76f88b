extension Dispatcher {
    /// Takes in what the queue held at the start.
    mutating func restore(_ restored: Restored, now: Now, into effects: inout [Effect]) {
        isRestored = true
        if limits.upkeep.interval != nil { sweepAt = now.instant }
        service = restored.service
        durableService = restored.service
        if let halt = service.halt, halt.fingerprint != fingerprint {
            // What was refused isn't what is configured now: try again.
            trialSince = now.instant
            service.halt = nil
            pending.append(.service(nil))
        }
        for hold in restored.holds {
            // Whole, also where the limit is lower now: it may be raised before this is let go.
            ledger.hold(hold.count)
            ledger.release(hold.count, at: hold.until)
        }
        restoredHolds = Dictionary(grouping: restored.holds, by: \.campaign)
        closings = restored.closing
        for work in restored.campaigns { update(work, now: now) }
        for batch in restored.open { lines[batch.campaign]?.open.append(batch) }
        // Its call's own timeout may have been longer than today's; the holds know it.
        let releaseAt = restored.holds.map(\.until).reduce(
            now.instant.advanced(by: LedgerEntry.window + limits.callTimeout + LedgerEntry.grace),
            max
        )
        for batch in restored.interrupted {
            let flight = Flight(batch: batch, sentAt: now.instant, isTrial: false)
            let resolution = doubted(.interrupted, flight, now: now)
            // Its recipients are among the holds already.
            record(resolution, of: flight, releaseAt: releaseAt)
        }
        for damage in restored.damaged {
            spoil(damage.campaign, damage.text, isHalted: false, into: &effects)
        }
    }

    /// The commit is durable: its calls may go out.
    mutating func committed(
        _ results: [WriteResult],
        now: Now,
        into effects: inout [Effect]
    ) {
        guard let writes = outstanding else {
            preconditionFailure("a commit came back that was not asked for")
        }
        precondition(writes.count == results.count, "a commit answers each of its writes")
        outstanding = nil
        storeFault = nil
        for (write, result) in zip(writes, results) {
            switch (write, result) {
            case (_, .failed(let failure)): failed(write, failure, now: now, into: &effects)
            case (.claim(_, let reservation), .claimed(let batch, let work)):
                claimed(batch, work, reservation, reclaimed: nil, now: now, into: &effects)
            case (.reclaim(_, let open, let reservation), .claimed(let batch, let work)):
                claimed(batch, work, reservation, reclaimed: open, now: now, into: &effects)
            case (.reclaim(_, _, let reservation), .recorded(let work, let opened)):
                // Too large for the limits by now: its halves go instead.
                giveBack(reservation.count, of: reservation, now: now)
                recorded(work, opened: opened, now: now, into: &effects)
            case (.record(_, let open), .recorded(let work, let opened)):
                recorded(work, opened: opened + (open.map { [$0] } ?? []), now: now, into: &effects)
            case (.change(let request, let write), .changed(let result)):
                changed(result, by: write, now: now, into: &effects)
                if case .success = result, write.asksToGoOn { forgive(write.campaign) }
                if goesOn(with: write, after: result, for: request, now: now, into: &effects) {
                    continue
                }
                switch result {
                case .success(let change): effects.append(.reply(request, .changed(change)))
                case .failure(let refusal): effects.append(.reply(request, .refused(refusal)))
                }
            case (.transition(let id, let transition), .changed(let result)):
                if case .halt = transition { lines[id]?.isHalting = false }
                correct(id, result, now: now)
                changed(result, by: .transition(id, transition), now: now, into: &effects)
            case (.service(let request), .done):
                durableService = committing
                if let request { effects.append(.reply(request, .done)) }
            case (.sweep, .swept(let result)): swept(result, now: now, into: &effects)
            case (.close(let id), .changed(let result)):
                retryStepAt = now.instant.advanced(by: Self.sweepRest)
                changed(result, by: .close(id), now: now, into: &effects)
            case (.claim, _), (.reclaim, _), (.record, _), (.change, _), (.transition, _),
                (.service, _), (.sweep, _), (.close, _):
                preconditionFailure("the result of a write is of another kind: \(result)")
            }
        }
    }

    /// Nothing was done: calls weren't claimed, so none goes out; answers in hand are kept.
    mutating func commitFailed(
        _ fault: CommitFault,
        now: Now,
        into effects: inout [Effect]
    ) {
        guard let writes = outstanding else {
            preconditionFailure("a commit failed that was not asked for")
        }
        outstanding = nil
        failStore(fault, now: now)
        var kept: [Pending] = []
        for write in writes {
            switch write {
            case .claim(let claim, let reservation):
                giveBack(reservation.count, of: reservation, now: now)
                unclaim(claim, reservation, now: now)
            case .reclaim(_, let batch, let reservation):
                giveBack(reservation.count, of: reservation, now: now)
                lines[batch.campaign]?.open.insert(batch, at: 0)
            case .change(let request, _):
                effects.append(.reply(request, .failed(fault)))
            case .service(let request?):
                revertService()
                effects.append(.reply(request, .failed(fault)))
            case .service(nil):
                // What merely asked whether the store is back is asked again by itself.
                if service != durableService { kept.append(write) }
            case .transition(_, .halt), .record:
                kept.append(write)
            case .close(let id): closings.insert(id, at: 0)
            case .sweep: sweepAt = now.instant.advanced(by: Self.sweepRestAfterFault)
            case .transition:
                // Due by the clock: it is found again when the next commit is planned.
                break
            }
        }
        pending = kept + pending
        endRetries(.failed(fault), into: &effects)
    }

    /// What an operator asked of the service didn't become durable, so it doesn't hold.
    ///
    /// What the provider or a later request decided meanwhile stays.
    mutating func revertService() {
        let isAskedAgain = pending.contains { write in
            if case .service(_?) = write { true } else { false }
        }
        guard !isAskedAgain else { return }
        service.isPaused = durableService.isPaused
        if service.halt == nil, let halt = durableService.halt, halt.fingerprint == fingerprint {
            service.halt = halt
        }
    }

    /// Takes in where a campaign stands.
    mutating func update(_ work: CampaignWork, now: Now) {
        let before = lines[work.id]?.work
        guard before != nil || (!work.state.isFinal && work.state != .draft) else { return }
        if let before, before.settings.priority != work.settings.priority {
            // What it was served in its old class says nothing in the new one.
            shares.forget(work.id)
        }
        if before == nil { open(work, now: now) }
        let isLive = before.map { !$0.state.isFinal } ?? false
        lines[work.id]?.work = work
        lines[work.id]?.ledger.limit = work.settings.messagesPerMinute ?? .max
        if work.state.isFinal {
            lines[work.id]?.open = []
            checks.drop(work.id)
            if isLive { remember(ended: work, now: now) }
        }
    }

    private mutating func open(_ work: CampaignWork, now: Now) {
        var line = Line(work: work)
        let holds = restoredHolds.removeValue(forKey: work.id) ?? []
        for hold in holds where hold.until > now.instant {
            line.ledger.hold(hold.count)
            line.ledger.release(hold.count, at: hold.until)
        }
        lines[work.id] = line
    }

    private mutating func claimed(
        _ batch: Batch?,
        _ work: CampaignWork?,
        _ reservation: Reservation,
        reclaimed: OpenBatch?,
        now: Now,
        into effects: inout [Effect]
    ) {
        if let work { update(work, now: now) }
        guard let batch else {
            giveBack(reservation.count, of: reservation, now: now)
            // Canceled and deleted before the dispatcher heard that it was created.
            if work == nil, reclaimed == nil { return forget(reservation.candidate.id) }
            // Paused or halted in the same commit: the batch is as open as before.
            if let reclaimed, let state = work?.state, state != .running, !state.isFinal {
                lines[reclaimed.campaign]?.open.insert(reclaimed, at: 0)
            }
            return
        }
        let flight = Flight(
            batch: batch,
            sentAt: now.instant,
            isTrial: reservation.isTrial,
            refusals: reclaimed?.refusals ?? 0
        )
        guard mayCall(flight, now: now) else {
            // Someone said stop while this was being claimed: nothing goes out.
            giveBack(reservation.count, of: reservation, now: now)
            // What is put back must not fill a bucket that the provider's word has emptied.
            if pace.waits(now: now.instant) { bucket.empty(now: now.instant) }
            return record(.held(dueAt: now.timestamp), of: flight, releaseAt: now.instant)
        }
        giveBack(reservation.count - batch.accounts.count, of: reservation, now: now)
        if reservation.isTrial { health.try() }
        inFlight[batch.id] = flight
        lines[batch.campaign]?.recent.add(batch.accounts.count, now: now.instant)
        let resent = batch.maybeAccepted ? batch.accounts.count : batch.doubted.count
        if resent > 0 { effects.append(.report(.resent(batch.campaign, count: resent))) }
        effects.append(.call(batch))
    }

    private func mayCall(_ flight: Flight, now: Now) -> Bool {
        !isDraining && !service.isPaused && service.halt == nil && renewal != .running
            && !pace.waits(now: now.instant) && (flight.isTrial || health.isReachable)
            && lines[flight.batch.campaign]?.isHalting != true
            && lines[flight.batch.campaign]?.damage == nil
            && (trialSince == nil || inFlight.isEmpty)
    }

    private mutating func recorded(
        _ work: CampaignWork?,
        opened: [OpenBatch],
        now: Now,
        into effects: inout [Effect]
    ) {
        guard let work else { return }
        let before = lines[work.id]?.work.state
        update(work, now: now)
        if !work.state.isFinal { lines[work.id]?.open.append(contentsOf: opened) }
        if before != work.state, work.state.isFinal {
            effects.append(.report(.campaign(work.id, work.state, nil)))
        }
    }

    private mutating func changed(
        _ result: Result<WriteResult.Change, ChangeRefusal>,
        by write: Write,
        now: Now,
        into effects: inout [Effect]
    ) {
        guard case .success(let change) = result else { return }
        let before = lines[change.work.id]?.work.state
        if case .delete = write { sweepAt = now.instant }
        update(change.work, now: now)
        goOnClosing(change, now: now)
        lines[change.work.id]?.open.removeAll { change.closed.contains($0.id) }
        let isSettled =
            switch write {
            // These leave the state as it is, whether or not the dispatcher knew the campaign.
            case .patch, .delete, .close: before == nil
            default: false
            }
        if before != change.work.state, !isSettled {
            let campaign = change.campaign
            effects.append(.report(.campaign(campaign.id, campaign.state, campaign.reason)))
        }
    }

    /// Puts back what planning took from a campaign for a claim that didn't come to be.
    mutating func unclaim(_ claim: Write.Claim, _ reservation: Reservation, now: Now) {
        switch claim.source {
        case .fresh: lines[claim.campaign]?.work.freshCount += reservation.count
        case .dueRetries: lines[claim.campaign]?.work.retryDueAt = now.timestamp
        }
    }
}
