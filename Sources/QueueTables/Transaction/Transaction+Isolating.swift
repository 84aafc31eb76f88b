import DeliveryCore
import DeliveryEngine

/// One campaign's damage stays its own: what can't be carried out is undone by itself, and the rest
/// of the commit holds.
extension Transaction {
    /// Carries out a write so that its failure undoes nothing of the others.
    mutating func performAlone(_ write: Write) throws -> WriteResult {
        var result: WriteResult?
        let fault = try attempt { transaction in
            result = try transaction.perform(write)
        }
        if let fault { return .failed(try failure(fault, of: write)) }
        guard let result else { preconditionFailure("a write that was carried out has its result") }
        return result
    }

    /// Does something that may turn out to be impossible, and then undoes all of it; why it is, or
    /// nil if it is done.
    ///
    /// What concerns the whole store is thrown.
    mutating func attempt(_ body: (inout Transaction) throws -> Void) throws -> (any Error)? {
        // What was changed before must not be undone, nor fail, with what comes now.
        try saveRows()
        let before = self
        try connection.run(sql.service.savepoint)
        do {
            try body(&self)
            try saveRows()
            try connection.run(sql.service.release)
            return nil
        } catch  where error.isOfOneWrite {
            self = before
            try connection.run(sql.service.rollBack)
            try connection.run(sql.service.release)
            return error
        }
    }

    private mutating func failure(_ fault: any Error, of write: Write) throws -> WriteResult.Failure
    {
        let text = """
            the store can't carry out a change of this campaign (\(fault.detail)): resume tries it \
            again; if it stays so, restore a backup, or cancel or delete the campaign
            """
        var reason = Campaign.Reason(code: nil, text: text)
        var isAutomatic = true
        let id: Campaign.ID?
        switch write {
        case .claim(let claim): id = claim.campaign
        case .reclaim(let reclaim): id = try campaign(of: reclaim.batch)
        case .record(let record):
            id = try campaign(of: record.batch)
            if let ledger = try releasable(record.batch) {
                // The call counts no longer than it would have.
                try release(ledger, at: record.releaseAt)
            }
        case .transition(let campaign, let transition):
            id = campaign
            switch transition {
            case .halt(let given): reason = given
            case .begin, .expire: break
            case .start, .pause, .resume, .cancel: isAutomatic = false
            }
        case .patch(let campaign, _), .retry(let campaign, _, _), .delete(let campaign):
            id = campaign
            isAutomatic = false
        case .close(let campaign): id = campaign
        case .service, .sweep: id = nil
        }
        var isHalted = false
        if isAutomatic, let id {
            let fault = try attempt { isHalted = try $0.halt(id, reason) }
            if fault != nil { isHalted = false }
        }
        return WriteResult.Failure(campaign: id, text: text, isHalted: isHalted)
    }

    /// Halts a campaign that runs.
    private func halt(_ id: Campaign.ID, _ reason: Campaign.Reason) throws -> Bool {
        let changed = try connection.run(
            sql.campaign.halt,
            .blob(id.bytes),
            .optional(reason.code),
            .text(reason.text)
        )
        return changed > 0
    }

    /// The campaign that a batch is of, whatever else the rows hold.
    private func campaign(of batch: Batch.ID) throws -> Campaign.ID? {
        try connection.first(sql.campaign.idOfBatch, .int(batch.rawValue)) {
            try Campaign.ID(stored: $0.bytes(0))
        }
    }

    private func releasable(_ batch: Batch.ID) throws -> Int64? {
        try connection.first(sql.batch.ledger, .int(batch.rawValue)) { $0.int64(0) }
    }
}

extension Error {
    /// Whether it says something about the rows that one write concerns, and nothing about the store
    /// as a whole.
    var isOfOneWrite: Bool {
        self is DamagedRow || (self as? any EngineError)?.isOfOneWrite == true
    }

    /// Whether nothing can be written for now: the disk fails, or another process has the store.
    var isOfStore: Bool {
        self is QueueError || (self as? any EngineError)?.isOfOneWrite == false
    }

    fileprivate var detail: String {
        if let damaged = self as? DamagedRow { return "it holds \(damaged.value)" }
        return (self as? any EngineError)?.detail ?? "\(self)"
    }
}
