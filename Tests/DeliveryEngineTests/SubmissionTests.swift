import DeliveryCore
import DeliveryEngine
import Logging
import QueueStore
import Simulation
import Testing

/// A campaign is stored, admitted and told of as one operation.
struct SubmissionTests {
    private func makeCampaign(start: Bool) -> NewCampaign {
        NewCampaign(
            id: FakeQueue.id,
            name: "",
            message: CheckedMessage(json: [], packetOverhead: 200),
            settings: Campaign.Settings(),
            recipients: AccountRun([Account("a")]),
            start: start
        )
    }

    @Test(arguments: [true, false])
    func `what starts is admitted, and whoever watches hears of it`(start: Bool) async throws {
        let time = VirtualTime()
        let store = try Store.inMemory(options: Store.Options(bootID: "boot", seed: 1))
        let watch = Watch()
        let service = DeliveryService(
            queue: store,
            provider: FakeProvider(),
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let changes = service.changes.watch()
        let submission = Submission(to: store, service)
        let campaign = try await submission.submit(makeCampaign(start: start), now: time.now())
        #expect(campaign.state == (start ? .running : .draft))
        #expect(service.changes.changes(of: changes) == [campaign.id])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            if start {
                await watch.reports.first { $0 == .campaign(campaign.id, .completed, nil) }
            } else {
                await service.proveTurning()
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await store.campaign(campaign.id)?.counts.sent == (start ? 1 : 0))
    }

    @Test func `what can't be stored is admitted nowhere`() async throws {
        let time = VirtualTime()
        let store = try Store.inMemory(
            options: Store.Options(bootID: "boot", seed: 1, pageLimit: 30)
        )
        let queue = FakeQueue()
        let watch = Watch()
        let service = DeliveryService(
            queue: queue,
            provider: FakeProvider(isOpen: false),
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        var campaign = makeCampaign(start: true)
        campaign.recipients = AccountRun((0..<20_000).map { Account("account-\($0)") })
        let changes = service.changes.watch()
        await #expect(throws: QueueError.self) {
            try await Submission(to: store, service).submit(campaign, now: time.now())
        }
        #expect(service.changes.changes(of: changes).isEmpty)
    }
}
