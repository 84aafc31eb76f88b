import DeliveryCore

/// A job's row: what is shown of it, and where its walk stands.
struct JobRow: Sendable {
    let campaign: Int64
    var job: Job
    /// The walk has passed everyone up to this account.
    var cursor: [UInt8] = []
    /// The recipients that there were when the walk began: all of a draft, or those sent.
    var goal = 0
    /// Recipients with a result, by every run up to now that counts.
    var settled = 0
    /// The walk of a recall is about those whom a call addressed after `settledEnd` and up to this
    /// one, by its number in the ledger.
    var walkEnd = Self.beforeAll
    var settledEnd = Self.beforeAll
    /// The end and the cursor of an earlier walk that was stopped and not taken up.
    var keptEnd = Self.beforeAll
    var keptCursor: [UInt8] = []

    /// Comes before every number in the ledger, and before 0 for calls whose number isn't known.
    static let beforeAll: Int64 = -1

    init(campaign: Int64, job: Job) {
        self.campaign = campaign
        self.job = job
    }

    /// Starts the job, or a further run of it.
    mutating func begin(total: Int, callsPerSecond: Int?, at time: Timestamp) {
        job = Job(
            kind: job.kind,
            total: total,
            callsPerSecond: callsPerSecond,
            startedAt: time
        )
    }

    /// Starts the walk of a recall anew, about everyone accepted by now and not settled.
    mutating func beginRecall(of sent: Int, upTo last: Int64) {
        // The longer one of two walks that were stopped: asking again what the other one settled is
        // harmless.
        if job.state != .completed, cursor.isBehind(keptCursor) {
            (keptEnd, keptCursor) = (walkEnd, cursor)
        }
        (cursor, goal, walkEnd) = ([], sent, last)
    }

    /// Fixes whom the walk of a recall is about, before it hands out the first: calls that were out
    /// when it was asked for have ended.
    mutating func settleGoal(_ sent: Int, upTo last: Int64) {
        guard cursor.isEmpty, job.tally.done == 0 else { return }
        (goal, walkEnd) = (sent, last)
        job.total = sent - settled
    }

    /// Ends the walk of a recall: everyone it was about has a result.
    mutating func endRecall() {
        settledEnd = walkEnd
        (keptEnd, keptCursor) = (Self.beforeAll, [])
    }

    mutating func end(_ state: Job.State, reason: Campaign.Reason? = nil, at time: Timestamp) {
        job.state = state
        job.reason = reason
        job.finishedAt = time
    }
}

// MARK: Of a recall

extension JobRow {
    /// Whether an accepted recipient without a row of its own has its result.
    private func isSettled(_ account: [UInt8], _ call: Int64) -> Bool {
        call <= settledEnd || (call <= keptEnd && !account.isBehind(keptCursor))
    }

    /// Whether the walk is about a recipient that a call of this number in the ledger addressed.
    func awaits(_ account: [UInt8], _ call: Int64?) -> Bool {
        let call = call ?? 0
        return call <= walkEnd && !isSettled(account, call)
    }

    /// What the recall came to for an accepted recipient without a row of its own; nil if it isn't
    /// about it.
    func recall(of account: [UInt8], _ call: Int64?) -> Recipient.Recall? {
        let call = call ?? 0
        if isSettled(account, call) || (call <= walkEnd && !account.isBehind(cursor)) {
            return .recalled
        }
        return call <= walkEnd && job.state == .running ? .queued : nil
    }
}

// MARK: Columns, in the order of `JobStatements`

extension JobRow {
    /// The column after a job's own, of statements that read more.
    static let columnCount = 19

    init(_ row: any Row) throws {
        campaign = row.int64(0)
        let kind: Job.Kind = try decoded(row.text(1))
        job = Job(
            kind: kind,
            state: try decoded(row.text(2)),
            reason: row.optionalText(4).map { [code = row.optionalInt(3)] text in
                Campaign.Reason(code: code, text: text)
            },
            total: row.int(5),
            callsPerSecond: row.optionalInt(16),
            startedAt: Timestamp(milliseconds: row.int64(17)),
            finishedAt: row.timestamp(18)
        )
        for (index, result) in kind.results.enumerated() { job.tally[result] = row.int(6 + index) }
        cursor = row.bytes(9)
        goal = row.int(10)
        settled = row.int(11)
        walkEnd = row.int64(12)
        settledEnd = row.int64(13)
        keptEnd = row.int64(14)
        keptCursor = row.bytes(15)
    }

    func save(_ connection: any Connection) throws {
        let shown: [Value] = [
            .int(campaign),
            .text(job.kind.rawValue),
            .text(job.state.rawValue),
            .optional(job.reason?.code),
            .optional(job.reason?.text),
            .int(job.total),
        ]
        let place: [Value] = [
            .text(cursor),
            .int(goal),
            .int(settled),
            .int(walkEnd),
            .int(settledEnd),
            .int(keptEnd),
            .text(keptCursor),
            .optional(job.callsPerSecond),
            .int(job.startedAt.milliseconds),
            .optional(job.finishedAt?.milliseconds),
        ]
        let results = job.kind.results.map { Value.int(job.tally[$0]) }
        try connection.run(sql.job.put, shown + results + place)
    }
}

extension Connection {
    func job(_ kind: Job.Kind, of campaign: Int64) throws -> JobRow? {
        try first(sql.job.one, .int(campaign), .text(kind.rawValue)) { try JobRow($0) }
    }

    /// A campaign's jobs in the order of their kinds.
    func jobs(of campaign: Int64) throws -> [Job] {
        let found = try all(sql.job.ofCampaign, .int(campaign)) { try JobRow($0).job }
        return Job.Kind.requested.compactMap { kind in found.first { $0.kind == kind } }
    }

    /// The kind of the job of a campaign that is running.
    func runningJob(of campaign: Int64) throws -> Job.Kind? {
        try first(sql.job.running, .int(campaign)) { try decoded($0.text(0)) }
    }
}
