import DeliveryCore
import QueueTables

/// What the store's minutes must add up to, counted from commits as they are answered.
///
/// What becomes of some recipients of a campaign that was canceled or has expired the answers don't
/// tell, so each figure has a least and a most; in other lives the two are the same.
struct TrafficTally: Sendable {
    private(set) var least = Counts()
    private(set) var most = Counts()
    private(set) var addressed = 0
    /// Whether a sweep may have removed a minute that something was counted in.
    private(set) var isPartial = false
    /// The batches whose call is out by what is durable, and all there ever were.
    private var out: Set<Batch.ID> = []
    private var batches: [Batch.ID: Batch] = [:]
    /// Campaigns that were canceled or have expired, though a retry may have opened them again.
    private var ended: Set<Campaign.ID> = []
    private var first: Timestamp?

    mutating func committed(_ pairs: [(write: Write, result: WriteResult)], at time: Timestamp) {
        first = min(time, first ?? time)
        for (write, result) in pairs {
            switch (write, result) {
            case (_, .claimed(let batch?, _)):
                addressed += batch.accounts.count
                batches[batch.id] = batch
                out.insert(batch.id)
            case (.record(let record), .recorded):
                if let batch = batches[record.batch] { recorded(batch, record) }
            case (.stepJob(let step), .stepped(let stepped)): stepped.count(step, in: &self)
            case (.transition(let id, .cancel), _), (.transition(let id, .expire), _):
                ended.insert(id)
            case (.sweep, _):
                if let first, first.duration(to: time) > .seconds(31 * 86_400) { isPartial = true }
            default: break
            }
        }
    }

    fileprivate mutating func count(
        _ count: Int,
        as status: Recipient.Status,
        isCertain: Bool = true
    ) {
        most[status] += count
        if isCertain { least[status] += count }
    }

    private mutating func recorded(_ batch: Batch, _ record: Write.Record) {
        let count = batch.accounts.count
        let isOut = out.remove(batch.id) != nil
        if isOut, record.isUnsent { addressed -= count }
        let hasEnded = ended.contains(batch.campaign)
        switch record.resolution {
        case .settled(_, let verdicts):
            let own = verdicts.filter { batch.accounts.contains($0.account) }
            // A batch without a call may have ended since.
            self.count(count - own.count, as: .sent, isCertain: isOut)
            for verdict in own {
                switch verdict.verdict {
                case .failed: self.count(1, as: .failed, isCertain: isOut)
                case .unknown: self.count(1, as: .unknown, isCertain: isOut)
                case .retry:
                    self.count(1, as: .retrying, isCertain: isOut && !hasEnded)
                    if hasEnded { self.count(1, as: .unknown, isCertain: false) }
                case .requeued:
                    if hasEnded { self.count(1, as: .unknown, isCertain: false) }
                }
            }
        case .unknown: self.count(count, as: .unknown, isCertain: isOut)
        case .lookedUp: self.count(count, as: .retrying, isCertain: isOut)
        case .repeated:
            self.count(count, as: .retrying, isCertain: isOut && !hasEnded)
            if hasEnded { self.count(count, as: .unknown, isCertain: false) }
        case .held, .split:
            if hasEnded { self.count(count, as: .unknown, isCertain: false) }
        }
    }

    fileprivate func hasEnded(_ id: Campaign.ID) -> Bool { ended.contains(id) }
}

extension JobStepped {
    /// Counts what a job found; if some results came too late, the answer doesn't say which.
    fileprivate func count(_ step: JobStep, in traffic: inout TrafficTally) {
        switch step.kind {
        case .check: traffic.count(tally[.missing], as: .failed)
        case .recall: return
        case .settle, .verify: traffic.count(tally[.found], as: .sent)
        }
        let settled = step.results.count { if case .deferred = $0.verdict { false } else { true } }
        let areAllInTime = tally.done == settled
        if step.kind == .settle { traffic.count(tally[.unclear], as: .unknown) }
        for result in step.results {
            switch result.verdict {
            case .refused: traffic.count(1, as: .failed, isCertain: areAllInTime)
            case .absent(let dueAt)
            where step.kind == .settle && (dueAt == nil || traffic.hasEnded(step.campaign)):
                traffic.count(1, as: .unknown, isCertain: areAllInTime && dueAt == nil)
            // Whoever goes out again is `retrying` all along.
            default: break
            }
        }
    }
}

extension World {
    /// Checks that the minutes add up to what was recorded, through crashes too.
    mutating func checkTraffic() async throws {
        guard !tally.isPartial else { return }
        let beginning = Timestamp(milliseconds: 0)
        let minutes = try await store.traffic(since: beginning, per: .minute)
        let hours = try await store.traffic(since: beginning, per: .hour)
        let addressed = minutes.reduce(0) { $0 + $1.addressed }
        if addressed != tally.addressed {
            record.violated("\(addressed) addressed in all minutes, counted \(tally.addressed)")
        }
        let figures: [(Recipient.Status, KeyPath<TrafficStep, Int>)] = [
            (.sent, \.sent), (.failed, \.failed), (.retrying, \.retrying), (.unknown, \.unknown),
        ]
        for (status, figure) in figures {
            let sum = minutes.reduce(0) { $0 + $1[keyPath: figure] }
            let (least, most) = (tally.least[status], tally.most[status])
            if sum < least || sum > most {
                record.violated("\(sum) \(status) in all minutes, counted \(least) to \(most)")
            }
            if sum != hours.reduce(0, { $0 + $1[keyPath: figure] }) {
                record.violated("hours add up to another sum of \(status)")
            }
        }
        if minutes.contains(where: { $0.limit > highest.messagesPerMinute }) {
            record.violated("a minute shows a limit that never was")
        }
        if minutes.map(\.start) != minutes.map(\.start).sorted() {
            record.violated("minutes aren't in order")
        }
    }
}
