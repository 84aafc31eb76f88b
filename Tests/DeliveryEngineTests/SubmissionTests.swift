import DeliveryCore
import DeliveryEngine
import Logging
import QueueTables
import SQLiteQueue
import TestSupport
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
        let store = try Store.inMemory(
            options: Store.Options(bootID: "boot", seed: 1, accounts: accountRules)
        )
        let watch = Watch()
        let service = DeliveryService(
            queue: store,
            provider: FakeProvider(),
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            // What the store held has been read: of anything new somebody has to tell.
            await service.proveTurning()
            let changes = service.changes.watch()
            let submission = Submission(to: store, service)
            let campaign =
                try await submission
                .submit(makeCampaign(start: start), now: time.now()).campaign
            #expect(campaign.state == (start ? .running : .draft))
            #expect(service.changes.changes(of: changes).contains(campaign.id))
            // Events are taken in order.
            await service.proveTurning()
            var isAdmitted = false
            var asked = 0
            await watch.events.first { event in
                if case .admitted = event { isAdmitted = true }
                if case .asked = event { asked += 1 }
                return asked == 2
            }
            #expect(isAdmitted == start)
            if isAdmitted {
                await watch.reports.first { $0 == .campaign(campaign.id, .completed, nil) }
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        let sent = try await store.campaign(FakeQueue.id)?.counts.sent
        #expect(sent == (start ? 1 : 0))
    }

    @Test func `what can't be stored is admitted nowhere`() async throws {
        let time = VirtualTime()
        let store = try Store.inMemory(
            options: Store.Options(bootID: "boot", seed: 1, accounts: accountRules),
            file: FileOptions(pageLimit: 30)
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
