import DeliveryCore
import DeliveryEngine

/// A draft, which takes recipients.
struct DraftDestination: IntakeDestination {
    let campaign: Campaign.ID
    let campaigns: any Campaigns

    func open() async throws(Problem) {
        do {
            try await campaigns.openIntake(campaign)
        } catch {
            var problem = Problem(error, campaign)
            if case .queue = error { problem.intake = await standing() }
            throw problem
        }
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

    func take(_ run: AccountRun, now: Now) async throws(Problem) -> Taken {
        do {
            return try await campaigns.take(run, into: campaign, now: now)
        } catch {
            throw Problem(error, campaign)
        }
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

    func take(_ run: AccountRun, now: Now) async throws(Problem) -> Taken {
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
