package import DeliveryCore

/// A queue in memory of which only the numbers are kept: who is left, and not who they are.
package struct QueueModel: Sendable {
    package var works: [Campaign.ID: CampaignWork] = [:]
    /// How the calls ended, in the order of their records.
    package private(set) var records: [Resolution] = []
    private var campaigns: [Batch.ID: Campaign.ID] = [:]

    package init(_ works: [CampaignWork] = []) {
        for work in works { self.works[work.id] = work }
    }

    package mutating func perform(_ write: Write) -> WriteResult {
        switch write {
        case .claim(let claim): claimed(claim)
        case .record(let record): .recorded(recorded(record), opened: [])
        case .transition(let id, let transition): changed(id, transition)
        case .service, .event: .done
        case .sweep: .swept(WriteResult.Swept(hasMore: false))
        case .reclaim, .patch, .retry, .delete, .close, .startJob, .stopJob:
            .changed(.failure(.notFound))
        case .stepJob(let step):
            .stepped(JobStepped(campaign: step.campaign, kind: step.kind, isRunning: false))
        }
    }

    private mutating func claimed(_ claim: Write.Claim) -> WriteResult {
        guard var work = works[claim.campaign], work.state == .running else {
            return .claimed(nil, works[claim.campaign])
        }
        let count: Int
        switch claim.source {
        case .fresh:
            count = min(claim.accountLimit, work.freshCount)
            work.freshCount -= count
        case .dueRetries:
            count = min(claim.accountLimit, work.retryCount)
            work.retryCount -= count
            if work.retryCount == 0 { work.retryDueAt = nil }
        }
        guard count > 0 else { return .claimed(nil, work) }
        works[work.id] = work
        let batch = makeBatch(
            Int64(campaigns.count + 1),
            campaign: work.id.high >> 16,
            count: count,
            random: claim.random
        )
        campaigns[batch.id] = work.id
        return .claimed(batch, work)
    }

    private mutating func recorded(_ record: Write.Record) -> CampaignWork? {
        records.append(record.resolution)
        guard let id = campaigns[record.batch], var work = works[id] else { return nil }
        let isLeft = work.freshCount > 0 || work.retryCount > 0
        if !isLeft, work.state == .running { work.state = .completed }
        works[id] = work
        return work
    }

    private mutating func changed(
        _ id: Campaign.ID,
        _ transition: Campaign.Transition
    ) -> WriteResult {
        guard var work = works[id] else { return .changed(.failure(.notFound)) }
        guard case .to(let next) = work.state.step(transition, startsLater: false) else {
            return .changed(.failure(.wrongState(work.state)))
        }
        work.state = next
        works[id] = work
        return makeChange(work)
    }
}
