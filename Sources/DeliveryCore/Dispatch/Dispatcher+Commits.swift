extension Dispatcher {
    /// The commit is durable: its calls may go out.
    mutating func committed(_ results: [WriteResult], now: Now) {
        let commit = commits.succeeded()
        precondition(commit.writes.count == results.count, "a commit answers each of its writes")
        for (write, result) in zip(commit.writes, results) {
            switch (write, result) {
            case (_, .failed(let failure)):
                undo(write, now: now)
                failed(write, failure, now: now)
            case (.claim(_, let offer), .claimed(let batch, let work)):
                claimed(batch, work, offer, now: now)
            case (.claim(_, let offer), .recorded(let work, let opened)) where offer.batch != nil:
                // It was too large for today's limits: its halves go instead.
                giveBack(offer.count, of: offer)
                recorded(work, opened: opened, now: now)
            case (.record(_, let open), .recorded(let work, let opened)):
                recorded(work, opened: opened + (open.map { [$0] } ?? []), now: now)
            case (.change(let request, let write), .changed(let result)):
                changed(result, by: write, now: now)
                answer(request, write, result, now: now)
            case (.transition(let id, let transition), .changed(let result)):
                if case .halt = transition { campaigns[id]?.isHalting = false }
                correct(id, result, now: now)
                changed(result, by: .transition(id, transition), now: now)
            case (.service(let request), .done):
                commits.serviceIsDurable(commit.service)
                if let request { effects.append(.reply(request, .done)) }
            case (.sweep, .swept(let result)):
                operations.swept(
                    hasMore: result.hasMore,
                    interval: limits.upkeep.interval,
                    now: now.instant
                )
                for id in result.retired { effects.append(.report(.retired(id))) }
            case (.close(let id), .changed(let result)):
                operations.stepped(now: now.instant)
                changed(result, by: .close(id), now: now)
            case (.step, .stepped(let result)): stepped(result, now: now)
            case (.event, .done): break
            case (.claim, _), (.record, _), (.change, _), (.transition, _), (.service, _),
                (.sweep, _), (.close, _), (.step, _), (.event, _):
                preconditionFailure("the result of a write is of another kind: \(result)")
            }
        }
    }

    /// Nothing was done: calls weren't claimed, so none goes out; answers in hand are kept.
    mutating func commitFailed(_ fault: CommitFault, now: Now) {
        var kept: [PendingWrite] = []
        for write in commits.failed(fault, now: now.instant).writes {
            undo(write, now: now)
            switch write {
            case .claim, .sweep, .step: break
            case .transition(_, .halt), .record, .event: kept.append(write)
            // Due by the clock: it is found again when the next commit is planned.
            case .transition: break
            case .change(let request, _), .service(let request?):
                effects.append(.reply(request, .failed(fault)))
            case .service(nil):
                // What merely asked whether the store is back is asked again by itself.
                if serviceRecord != commits.durableService { kept.append(write) }
            case .close(let id): operations.closeAgain(id)
            }
        }
        commits.putBack(kept)
        for request in operations.endRetries() { effects.append(.reply(request, .failed(fault))) }
    }

    // MARK: - Claims and records

    private mutating func claimed(
        _ batch: Batch?,
        _ work: CampaignWork?,
        _ offer: Offer,
        now: Now
    ) {
        if let work { updateAndReportEnd(work, now: now) }
        guard let batch else {
            // Paused meanwhile, or all of them are on the suppression list.
            giveBack(offer.count, of: offer)
            // Canceled and deleted before the dispatcher heard that it was created.
            if work == nil, offer.batch == nil { return campaigns.drop(offer.flow.id) }
            // Paused or halted in the same commit: an open batch is as open as before.
            if offer.batch != nil, let state = work?.state, state != .running, !state.isFinal {
                campaigns.unclaim(offer, now: now.timestamp)
            }
            return
        }
        let permission = permission(now.instant)
        let flight = Flight(
            batch: batch,
            sentAt: now.instant,
            // A late answer may have shown meanwhile that calls get through.
            isTrial: offer.isTrial && permission == .trial,
            excusedRefusals: offer.batch?.excusedRefusals ?? 0
        )
        guard permits(flight, permission, now: now) else {
            // Someone said stop while this was being claimed, or its hours are over: nothing goes
            // out.
            giveBack(offer.count, of: offer)
            // What is given back must not fill a bucket that the provider's word has emptied.
            if admission.backoff.waits(now: now.instant) {
                admission.emptyBucket(now: now.instant)
            }
            let held = Resolution.held(dueAt: now.timestamp)
            return record(held, of: flight, releaseAt: now.instant, isUnsent: true)
        }
        giveBack(offer.count - batch.accounts.count, of: offer)
        if flight.isTrial { health.try() }
        inFlight[batch.id] = flight
        campaigns.called(batch.campaign, count: batch.accounts.count, now: now)
        let resent = batch.maybeAccepted ? batch.accounts.count : batch.maybeAcceptedBefore.count
        if resent > 0 { effects.append(.report(.resent(batch.campaign, count: resent))) }
        effects.append(.call(batch))
    }

    private mutating func permits(
        _ flight: Flight,
        _ permission: Permission,
        now: Now
    ) -> Bool {
        guard campaigns.maySend(flight.batch.campaign, now: now) else { return false }
        return switch permission {
        case .calls(let room): room > 0
        case .trial: flight.isTrial
        case .probe, .nothing: false
        }
    }

    private mutating func recorded(_ work: CampaignWork?, opened: [OpenBatch], now: Now) {
        guard let work else { return }
        updateAndReportEnd(work, now: now)
        if !work.state.isFinal { campaigns[work.id]?.open.append(contentsOf: opened) }
    }

    /// Takes in where a campaign stands, and tells operators if its last recipients ended.
    private mutating func updateAndReportEnd(_ work: CampaignWork, now: Now) {
        let before = campaigns[work.id]?.work.state
        update(work, now: now)
        guard before != work.state, work.state.isFinal else { return }
        effects.append(.report(.campaign(work.id, work.state, nil)))
    }

    // MARK: - Changes

    private mutating func changed(
        _ result: Result<WriteResult.Change, ChangeRefusal>,
        by write: Write,
        now: Now
    ) {
        guard case .success(let change) = result else { return }
        let id = change.work.id
        let before = campaigns[id]?.work.state
        if case .delete = write { operations.sweep(at: now.instant) }
        changedJob(write, change, now: now)
        update(change.work, now: now)
        if change.isClosing { operations.close(id, now: now.instant) }
        campaigns[id]?.open.removeAll { change.closed.contains($0.id) }
        let isSettled =
            switch write {
            // These leave the state as it is, whether or not the dispatcher knew the campaign.
            case .patch, .delete, .close, .startJob, .stopJob: before == nil
            case .transition, .retry, .claim, .reclaim, .record, .sweep, .service, .stepJob,
                .event:
                false
            }
        guard before != change.work.state, !isSettled else { return }
        let campaign = change.campaign
        effects.append(.report(.campaign(campaign.id, campaign.state, campaign.reason)))
    }

    /// Tells an operator what became of a request, unless it goes on in another step.
    private mutating func answer(
        _ request: Request,
        _ write: Write,
        _ result: Result<WriteResult.Change, ChangeRefusal>,
        now: Now
    ) {
        if case .success = result, case .transition(let id, let transition) = write,
            [.resume, .start, .cancel].contains(transition)
        {
            // The operator wants it to go on, or to end.
            commits.add(contentsOf: campaigns.repair(id))
        }
        if case .retry(let id, let filter, _) = write {
            operations.stepped(now: now.instant)
            if case .success(let change) = result, let next = change.next {
                guard lifecycle == .running else {
                    return effects.append(.reply(request, .stopping))
                }
                return operations.add(.change(request, .retry(id, filter, after: next)))
            }
        }
        switch result {
        case .success(let change): effects.append(.reply(request, .changed(change)))
        case .failure(let refusal): effects.append(.reply(request, .refused(refusal)))
        }
    }

    /// Takes in that a campaign isn't in the state that something fell due in, or isn't there.
    ///
    /// Otherwise it would be due in the next commit as well, and in each one after it.
    private mutating func correct(
        _ id: Campaign.ID,
        _ result: Result<WriteResult.Change, ChangeRefusal>,
        now: Now
    ) {
        switch result {
        case .failure(.notFound): campaigns.drop(id)
        case .failure(.wrongState(let state)):
            guard var work = campaigns[id]?.work else { return }
            work.state = state
            update(work, now: now)
        case .success, .failure(.emptyDraft), .failure(.intakeOpen), .failure(.expired),
            .failure(.invalid), .failure(.jobRunning), .failure(.noJob), .failure(.nobodyLeft),
            .failure(.beyondHistory):
            break
        }
    }

    // MARK: - What wasn't done

    /// Puts back what planning took for a write that wasn't carried out.
    private mutating func undo(_ write: PendingWrite, now: Now) {
        switch write {
        case .claim(_, let offer):
            giveBack(offer.count, of: offer)
            campaigns.unclaim(offer, now: now.timestamp)
        case .service(_?): revertService()
        case .sweep: operations.sweepFailed(now: now.instant)
        case .step(let step): jobs.stepFailed(step)
        case .record, .change, .transition, .service(nil), .close, .event: break
        }
    }

    /// What an operator asked of all sending didn't become durable, so it doesn't hold.
    ///
    /// What the provider or a later request decided meanwhile stays.
    private mutating func revertService() {
        guard !commits.hasServiceRequest else { return }
        let durable = commits.durableService
        isPaused = durable.isPaused
        if let halt = durable.halt { credentials.resumeFailed(halt) }
    }

    /// A write of a commit couldn't be carried out, and the rest of it was.
    ///
    /// A damaged row or a counter that is wrong concerns its campaign, and no other: that one is
    /// halted, in the queue where that can be written, and here in any case. All others go on.
    private mutating func failed(_ write: PendingWrite, _ failure: WriteResult.Failure, now: Now) {
        let id: Campaign.ID?
        switch write {
        case .claim(_, let offer): id = offer.flow.id
        case .record:
            id = failure.campaign
            // The answer is in hand, and may be written once an operator has seen to it.
            if let id, campaigns[id] != nil { campaigns[id]?.unrecorded.append(write) }
        case .transition(let campaign, let transition):
            if case .halt = transition { campaigns[campaign]?.isHalting = false }
            id = campaign
        case .close(let campaign): id = campaign
        case .step(let step):
            jobs.fail(step)
            // What only looks and takes back leaves the sending as it is.
            guard step.kind == .settle else { return }
            id = step.campaign
        case .change(let request, _), .service(let request?):
            // The operator hears of it; what the dispatcher does by itself will show whether more of
            // the campaign is amiss.
            return effects.append(.reply(request, .failed(.failed(failure.text))))
        case .service(nil), .sweep, .event: return
        }
        if let id { stop(id, failure.text, isHalted: failure.isHalted) }
    }

    /// Stops all that goes on by itself for a damaged campaign.
    mutating func stop(_ id: Campaign.ID, _ text: String, isHalted: Bool) {
        guard campaigns.damage(id, text, isHalted: isHalted) else { return }
        effects.append(.report(.campaign(id, .halted, Campaign.Reason(code: nil, text: text))))
    }
}
