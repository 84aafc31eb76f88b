extension Dispatcher {
    /// Takes in what the queue held at the start.
    mutating func restore(_ restored: Restored, now: Now) {
        isRestored = true
        service = restored.service
        durableService = restored.service
        if let halt = service.halt, halt.fingerprint != fingerprint {
            // What was refused isn't what is configured now: try again.
            service.halt = nil
            pending.append(.service(service, nil))
        }
        for work in restored.campaigns { update(work, now: now) }
        for batch in restored.open { lines[batch.campaign]?.open.append(batch) }
        for hold in restored.holds {
            ledger.hold(hold.count)
            ledger.release(hold.count, at: hold.until)
            lines[hold.campaign]?.ledger.hold(hold.count)
            lines[hold.campaign]?.ledger.release(hold.count, at: hold.until)
        }
        let releaseAt = now.instant.advanced(
            by: LedgerEntry.window + limits.callTimeout + LedgerEntry.grace
        )
        for batch in restored.interrupted {
            let flight = Flight(batch: batch, sentAt: now.instant, isProbe: false)
            let resolution = doubted(.interrupted, flight, now: now)
            // Its recipients are among the holds already.
            record(resolution, of: flight, releaseAt: releaseAt)
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
            case (.claim(_, let reservation), .claimed(let batch, let work)):
                claimed(batch, work, reservation, reclaimed: nil, now: now, into: &effects)
            case (.reclaim(_, let open, let reservation), .claimed(let batch, let work)):
                claimed(batch, work, reservation, reclaimed: open, now: now, into: &effects)
            case (.record(_, let open), .recorded(let work, let opened)):
                recorded(work, opened: opened + (open.map { [$0] } ?? []), now: now, into: &effects)
            case (.change(let request, _), .changed(let result)):
                changed(result, now: now, into: &effects)
                switch result {
                case .success(let change): effects.append(.reply(request, .changed(change)))
                case .failure(let refusal): effects.append(.reply(request, .refused(refusal)))
                }
            case (.transition, .changed(let result)): changed(result, now: now, into: &effects)
            case (.service(let record, let request), .done):
                durableService = record
                if let request { effects.append(.reply(request, .done)) }
            case (.claim, _), (.reclaim, _), (.record, _), (.change, _), (.transition, _),
                (.service, _):
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
        storeFault = (fault, now.instant.advanced(by: .seconds(1)))
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
            case .service(_, let request?):
                service = durableService
                effects.append(.reply(request, .failed(fault)))
            case .transition(_, .halt), .record, .service:
                kept.append(write)
            case .transition:
                // Due by the clock: it is found again when the next commit is planned.
                break
            }
        }
        pending = kept + pending
    }

    /// Takes in where a campaign stands.
    mutating func update(_ work: CampaignWork, now: Now) {
        if lines[work.id] == nil {
            guard !work.state.isFinal, work.state != .draft else { return }
            lines[work.id] = Line(work: work)
            let index = order.firstIndex { (lines[$0]?.work.order ?? 0) > work.order }
            order.insert(work.id, at: index ?? order.count)
        }
        let wasFinal = lines[work.id]?.work.state.isFinal ?? false
        lines[work.id]?.work = work
        lines[work.id]?.ledger.limit = work.settings.messagesPerMinute ?? .max
        if work.state.isFinal {
            lines[work.id]?.open = []
            if !wasFinal { ended.append((work.id, now.instant)) }
        }
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
            // Paused or halted in the same commit: the batch is as open as before.
            if let reclaimed, let state = work?.state, state != .running, !state.isFinal {
                lines[reclaimed.campaign]?.open.insert(reclaimed, at: 0)
            }
            return
        }
        let unused = reservation.count - batch.accounts.count
        if unused > 0 { giveBack(unused, of: reservation, now: now) }
        let flight = Flight(batch: batch, sentAt: now.instant, isProbe: reservation.isProbe)
        guard mayCall(flight, now: now) else {
            // The provider said stop while this was being claimed: nothing goes out.
            release(flight, at: now.instant)
            return record(held(flight, dueAt: now.timestamp), of: flight, releaseAt: now.instant)
        }
        if reservation.isProbe { circuit = circuit.next(after: .probed, now: now.instant) }
        inFlight[batch.id] = flight
        if batch.maybeAccepted {
            effects.append(.report(.resent(batch.campaign, count: batch.accounts.count)))
        }
        effects.append(.call(batch))
    }

    private func mayCall(_ flight: Flight, now: Now) -> Bool {
        service.halt == nil && renewal != .running && !pace.waits(now: now.instant)
            && (flight.isProbe || circuit.isClosed)
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
        now: Now,
        into effects: inout [Effect]
    ) {
        guard case .success(let change) = result else { return }
        let before = lines[change.work.id]?.work.state
        update(change.work, now: now)
        lines[change.work.id]?.open.removeAll { change.closed.contains($0.id) }
        if before != change.work.state {
            let campaign = change.campaign
            effects.append(.report(.campaign(campaign.id, campaign.state, campaign.reason)))
        }
    }

    /// Puts back what planning took from a campaign for a claim that didn't come to be.
    private mutating func unclaim(_ claim: Write.Claim, _ reservation: Reservation, now: Now) {
        switch claim.source {
        case .fresh: lines[claim.campaign]?.work.freshCount += reservation.count
        case .dueRetries: lines[claim.campaign]?.work.retryDueAt = now.timestamp
        }
    }
}
