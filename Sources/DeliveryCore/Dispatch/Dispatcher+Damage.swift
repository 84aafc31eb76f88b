/// What becomes of a campaign about which something can't be written, and of one that isn't there.
///
/// A damaged row or a counter that is wrong concerns its campaign, and no other: that one is halted,
/// in the queue where that can be written, and here in any case, or it would be tried again in each
/// commit. All others go on.
extension Dispatcher {
    /// A write of a commit wasn't carried out, and the rest of it was.
    mutating func failed(
        _ write: Pending,
        _ failure: WriteResult.Failure,
        now: Now,
        into effects: inout [Effect]
    ) {
        let fault = CommitFault.failed(failure.text)
        var id = failure.campaign
        switch write {
        case .claim(let claim, let reservation):
            giveBack(reservation.count, of: reservation, now: now)
            unclaim(claim, reservation, now: now)
            id = claim.campaign
        case .reclaim(_, let batch, let reservation):
            giveBack(reservation.count, of: reservation, now: now)
            lines[batch.campaign]?.open.insert(batch, at: 0)
            id = batch.campaign
        case .record:
            // The answer is in hand, and maybe it can be written once an operator has seen to it.
            if let id, lines[id] != nil { lines[id]?.unrecorded.append(write) }
        case .transition(let campaign, let transition):
            if case .halt = transition { lines[campaign]?.isHalting = false }
            id = campaign
        case .change(let request, _):
            // Whoever asked hears of it; what the dispatcher does by itself will show whether more
            // of the campaign is amiss.
            return effects.append(.reply(request, .failed(fault)))
        case .service(let request):
            if request != nil { revertService() }
            if let request { effects.append(.reply(request, .failed(fault))) }
            return
        case .sweep:
            sweepAt = now.instant.advanced(by: Self.sweepRestAfterFault)
            return
        case .close(let campaign): id = campaign
        }
        guard let id else { return }
        spoil(id, failure.text, isHalted: failure.isHalted, into: &effects)
    }

    /// Stops all that goes on by itself for a campaign.
    mutating func spoil(
        _ id: Campaign.ID,
        _ text: String,
        isHalted: Bool,
        into effects: inout [Effect]
    ) {
        let isKnown = lines[id] != nil && lines[id]?.damage != nil
        if lines[id] != nil {
            lines[id]?.damage = text
            if isHalted { lines[id]?.work.state = .halted }
        }
        guard !isKnown else { return }
        let reason = Campaign.Reason(code: nil, text: text)
        effects.append(.report(.campaign(id, .halted, reason)))
    }

    /// Tries again what couldn't be written about a campaign: an operator says that it goes on.
    mutating func forgive(_ id: Campaign.ID?) {
        guard let id, let line = lines[id], line.damage != nil else { return }
        pending.append(contentsOf: line.unrecorded)
        lines[id]?.unrecorded = []
        lines[id]?.damage = nil
    }

    /// Takes in that a campaign isn't in the state that something fell due in, or isn't there.
    ///
    /// Otherwise it would be due in the next commit as well, and in each one after it.
    mutating func correct(
        _ id: Campaign.ID,
        _ result: Result<WriteResult.Change, ChangeRefusal>,
        now: Now
    ) {
        switch result {
        case .failure(.notFound): forget(id)
        case .failure(.wrongState(let state)):
            guard var work = lines[id]?.work else { return }
            work.state = state
            update(work, now: now)
        case .success, .failure: break
        }
    }

    /// Drops a campaign that the queue doesn't have.
    mutating func forget(_ id: Campaign.ID) {
        guard lines[id] != nil else { return }
        lines[id] = nil
        shares.forget(id)
    }

    /// Nothing can be written: it is tried again after a second.
    mutating func failStore(_ fault: CommitFault, now: Now) {
        storeFault = (fault, now.instant.advanced(by: .seconds(1)))
    }
}

extension Write {
    /// The campaign that it names.
    var campaign: Campaign.ID? {
        switch self {
        case .claim(let claim): claim.campaign
        case .transition(let id, _), .patch(let id, _), .retry(let id, _, _), .delete(let id),
            .close(let id):
            id
        case .reclaim, .record, .sweep, .service: nil
        }
    }

    /// Whether somebody wants the campaign to go on, or to end.
    var asksToGoOn: Bool {
        switch self {
        case .transition(_, .resume), .transition(_, .start), .transition(_, .cancel): true
        default: false
        }
    }
}
