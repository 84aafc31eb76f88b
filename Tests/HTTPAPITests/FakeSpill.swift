import DeliveryCore
import DeliveryEngine
import Synchronization

/// A model of spilled runs: so many fit, and they are stored as one run.
final class FakeSpill: SpilledRuns {
    private let room: Int
    private let service: FakeService
    private let campaign: Campaign.ID
    private let runs = Mutex<[AccountRun]>([])

    init(room: Int, service: FakeService, campaign: Campaign.ID) {
        self.room = room
        self.service = service
        self.campaign = campaign
    }

    var isEmpty: Bool { runs.withLock { $0.isEmpty } }

    func spill(_ run: AccountRun) async -> Bool {
        runs.withLock { runs in
            guard runs.count < room else { return false }
            runs.append(run)
            return true
        }
    }

    func store(now: Now) async throws(IntakeError) -> Taken {
        var whole = AccountRun()
        for run in runs.withLock({ $0 }) { whole.append(run) }
        runs.withLock { $0 = [] }
        return try await service.take(whole, into: campaign, now: now)
    }
}
