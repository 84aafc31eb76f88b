import DeliveryCore
import DeliveryEngine
import Synchronization

/// A draft, which takes recipients.
final class DraftDestination: IntakeDestination {
    private let campaign: Campaign.ID
    private let campaigns: any Campaigns
    /// Nil until it is open, and where the store takes each run as it comes.
    private let spilled = Mutex<(any SpilledRuns)?>(nil)

    init(campaign: Campaign.ID, campaigns: any Campaigns) {
        self.campaign = campaign
        self.campaigns = campaigns
    }

    func open() async throws(Problem) {
        do {
            try await campaigns.openIntake(campaign)
        } catch {
            var problem = Problem(error, campaign)
            if case .queue = error { problem.intake = await standing() }
            throw problem
        }
        let runs = await campaigns.spilledRuns(into: campaign)
        spilled.withLock { $0 = runs }
    }

    /// What there is while the store can't take more.
    private func standing() async -> IntakeSummary {
        do {
            return IntakeSummary(total: try await total())
        } catch {
            // Nothing was taken in, so the total is only a courtesy.
            return IntakeSummary(total: 0)
        }
    }

    func take(_ run: AccountRun, isLast: Bool, now: Now) async throws(Problem) -> Taken? {
        do {
            return try await taken(run, isLast: isLast, now: now)
        } catch {
            throw Problem(error, campaign)
        }
    }

    private func taken(
        _ run: AccountRun,
        isLast: Bool,
        now: Now
    ) async throws(IntakeError) -> Taken? {
        guard let spilled = spilled.withLock({ $0 }), !(isLast && spilled.isEmpty) else {
            return try await campaigns.take(run, into: campaign, now: now)
        }
        let isSpilled = await spilled.spill(run)
        if isSpilled, !isLast { return nil }
        var taken = try await spilled.store(now: now)
        if isSpilled || taken.fault != nil { return taken }
        do throws(IntakeError) {
            taken.add(try await campaigns.take(run, into: campaign, now: now))
        } catch .queue(let fault) {
            // What was spilled is stored, and counts.
            taken.fault = fault
        }
        return taken
    }

    func close() async { await campaigns.closeIntake(campaign) }

    func total() async throws(Problem) -> Int {
        do {
            return try await campaigns.campaign(campaign)?.counts.total ?? 0
        } catch {
            throw Problem(error)
        }
    }
}

/// The list of accounts that must not be addressed.
struct SuppressionDestination: IntakeDestination {
    let suppressions: any Suppressions
    let now: @Sendable () -> Now

    /// The list is open at all times: what is stored before a claim begins counts for it.
    func open() async {}

    func close() async {}

    func take(_ run: AccountRun, isLast: Bool, now: Now) async throws(Problem) -> Taken? {
        try await take(run, now: now)
    }

    private func take(_ run: AccountRun, now: Now) async throws(Problem) -> Taken {
        do {
            return try await suppressions.suppress(run, now: now)
        } catch {
            throw Problem(brokenIntake: error)
        }
    }

    /// An empty run changes nothing, and its answer has the total.
    func total() async throws(Problem) -> Int {
        try await take(AccountRun(), now: now()).total
    }
}
