import DeliveryCore
import DeliveryEngine

/// One campaign's damage stays its own: a write that fails is undone alone, and the rest of the
/// commit holds.
extension Transaction {
    /// Carries out a write, or undoes it alone.
    mutating func performAlone(_ write: Write) throws -> WriteResult {
        var result: WriteResult?
        let fault = try attempt { transaction in
            result = try transaction.perform(write)
        }
        if let fault { return .failed(try failure(fault, of: write)) }
        guard let result else { preconditionFailure("a write that was carried out has its result") }
        return result
    }

    /// Runs a body in a savepoint; if it fails for one write's rows, undoes it and answers the
    /// error.
    ///
    /// Errors that concern the whole store are thrown.
    mutating func attempt(_ body: (inout Transaction) throws -> Void) throws -> (any Error)? {
        // Saved first: earlier changes must be neither undone nor blamed with the body's.
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
                // The call is released when its record asked for it.
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
        case .startJob(let campaign, _, _), .stopJob(let campaign, _):
            id = campaign
            isAutomatic = false
        case .close(let campaign): id = campaign
        case .stepJob(let step):
            id = step.campaign
            // A job that an operator asked for stands by itself.
            isAutomatic = step.kind == .settle
        case .service, .sweep, .event: id = nil
        }
        var isHalted = false
        if isAutomatic, let id {
            let fault = try attempt { isHalted = try $0.halt(id, reason) }
            if fault != nil { isHalted = false }
            if isHalted { try tellHalt(of: id) }
        }
        return WriteResult.Failure(campaign: id, text: text, isHalted: isHalted)
    }

    /// Tells hooks of a halt, unless the row is so damaged that nobody can say what was halted.
    private mutating func tellHalt(of id: Campaign.ID) throws {
        _ = try attempt { transaction in
            guard let row = try transaction.campaign(id) else { return }
            try transaction.write(.campaignHalted, of: row)
        }
    }

    /// Halts a running campaign, by a statement that reads nothing else of its row.
    private func halt(_ id: Campaign.ID, _ reason: Campaign.Reason) throws -> Bool {
        let changed = try connection.run(
            sql.campaign.halt,
            .blob(id.bytes),
            .optional(reason.code),
            .text(reason.text)
        )
        return changed > 0
    }

    /// The campaign of a batch, read without the columns that may be damaged.
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
    /// Whether it concerns the rows of one write, and not the store as a whole.
    var isOfOneWrite: Bool {
        self is DamagedRow || (self as? any EngineError)?.isOfOneWrite == true
    }

    /// Whether the store can't be written: the disk fails, or another process has taken it over.
    var isOfStore: Bool {
        self is QueueError || (self as? any EngineError)?.isOfOneWrite == false
    }

    fileprivate var detail: String {
        if let damaged = self as? DamagedRow { return "it holds \(damaged.value)" }
        return (self as? any EngineError)?.detail ?? "\(self)"
    }
}
