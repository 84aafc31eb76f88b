import DeliveryCore
import DeliveryEngine
import Dispatch
import Logging
import Synchronization
import TestSupport
import Testing

/// The service around the dispatcher: it carries out, it answers, and it stops cleanly.
struct DeliveryServiceTests {
    private let queue = FakeQueue()
    private let time = VirtualTime()
    private let watch = Watch()

    private func makeService(_ provider: FakeProvider) -> DeliveryService {
        DeliveryService(
            queue: queue,
            provider: provider,
            settings: .init(limits: Limits(), fingerprint: "f", seed: 1),
            time: time,
            observer: watch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs a service while the test talks to it, then cancels it.
    private func running(
        _ provider: FakeProvider,
        _ body: (DeliveryService) async throws -> Void
    ) async throws {
        let service = makeService(provider)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await body(service)
            provider.open()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `a campaign runs through`() async throws {
        try await running(FakeProvider()) { _ in
            await watch.reports.first { $0 == .campaign(FakeQueue.id, .completed, nil) }
            let records = queue.records
            #expect(records == [.settled(messageKey: "k", verdicts: [])])
        }
    }

    @Test func `calls are made where the provider's begin and end`() async throws {
        let place = Place()
        let isThere = Mutex<Bool?>(nil)
        let provider = FakeProvider(
            executor: place,
            onCall: { isThere.withLock { $0 = DispatchQueue.getSpecific(key: Place.key) ?? false } }
        )
        try await running(provider) { _ in await provider.calls.first() }
        #expect(isThere.withLock { $0 } == true)
    }

    @Test func `a change is answered with what it came to`() async throws {
        let provider = FakeProvider(isOpen: false)
        try await running(provider) { service in
            await provider.calls.first()
            let change = try await service.change(FakeQueue.id, .transition(.pause))
            #expect(change.campaign.state == .paused)
            await #expect(throws: ChangeError.refused(.notFound)) {
                try await service.change(FakeQueue.id, .delete)
            }
        }
    }

    @Test func `who asks whether the loop turns is answered, in an outage too`() async throws {
        queue.state.withLock { $0.fault = .failed("disk I/O error") }
        try await running(FakeProvider(isOpen: false)) { service in
            await service.proveTurning()
        }
    }

    @Test func `while the loop hangs nobody is told that it turns`() async throws {
        let (hanging, letGo) = (Signals<Void>(), Signals<Void>())
        queue.state.withLock {
            $0.whileRestoring = {
                hanging.send(())
                await letGo.first()
            }
        }
        let order = Signals<String>()
        try await running(FakeProvider(isOpen: false)) { service in
            await hanging.first()
            await withTaskGroup { group in
                // Has asked when this returns.
                group.addImmediateTask {
                    await service.proveTurning()
                    order.send("it turns")
                }
                order.send("let go")
                letGo.send(())
            }
        }
        #expect(await order.first() == "let go")
    }

    @Test func `quota and progress show what is out`() async throws {
        let provider = FakeProvider(isOpen: false)
        try await running(provider) { service in
            await provider.calls.first()
            try await service.setPaused(true)
            let quota = service.quota()
            #expect(quota.windowUsed == 3)
            #expect(quota.inFlight == 1)
            #expect(quota.state == .paused)
            #expect(quota.since == time.now().timestamp)
            #expect(quota.until == nil)
            #expect(quota.remedy == "fanoutd resume --all")
            #expect(quota.pace == 16)
            #expect(quota.window.unanswered == 3)
            var campaign = makeCampaign()
            campaign.counts.sending = 3
            let progress = service.progress(of: campaign)
            #expect(progress.messagesLastMinute == 3)
            #expect(progress.eta != nil)
            let (own, all) = (service.explain(campaign, takesIn: false), service.explain())
            #expect(own.causes.map(\.kind) == [.allPaused])
            #expect(own.isMoving && all.isMoving)
            #expect(own == all, "one call of one campaign is all there is")
            service.refuseConfiguration("bad file")
            #expect(service.quota().configError == "bad file")
            var limits = Limits()
            limits.messagesPerMinute = 600
            await service.reconfigure(limits, fingerprint: "f")
            #expect(service.quota().configError == nil)
            #expect(service.quota().messagesPerMinute == 600)
        }
    }

    @Test func `a queue that can't be written is told to whoever asks and heals`() async throws {
        queue.state.withLock {
            $0.model = QueueModel([makeWork()])
            $0.fault = .failed("disk I/O error")
        }
        try await running(FakeProvider()) { service in
            await #expect(throws: ChangeError.queue(.failed("disk I/O error"))) {
                try await service.change(FakeQueue.id, .transition(.pause))
            }
            #expect(service.quota().state == .storeFailed)
            queue.state.withLock { $0.fault = nil }
            time.pass(.seconds(1))
            await watch.reports.first { $0 == .service(.running, nil) }
            let change = try await service.change(FakeQueue.id, .transition(.pause))
            #expect(change.campaign.state == .paused)
        }
    }

    @Test func `what can't be written outside of commits shows, until something can`() async throws
    {
        queue.state.withLock {
            $0.model = QueueModel([makeWork()])
            $0.fault = .failed("disk I/O error")
        }
        try await running(FakeProvider()) { service in
            queue.fault.yield(.failed("disk I/O error"))
            let reason = Campaign.Reason(code: nil, text: "disk I/O error")
            await watch.reports.first { $0 == .service(.storeFailed, reason) }
            #expect(service.quota().state == .storeFailed)
            time.pass(.seconds(1))
            await watch.events.first { $0 == .commitFailed(.failed("disk I/O error")) }
            #expect(service.quota().state == .storeFailed)
            queue.state.withLock { $0.fault = nil }
            time.pass(.seconds(1))
            await watch.reports.first { $0 == .service(.running, nil) }
            #expect(service.quota().state == .running)
        }
    }

    @Test func `what is asked while the queue is being read isn't undone by what it held`()
        async throws
    {
        let (hanging, letGo) = (Signals<Void>(), Signals<Void>())
        queue.state.withLock { state in
            state.isPaused = true
            state.whileRestoring = {
                hanging.send(())
                await letGo.first()
            }
        }
        try await running(FakeProvider()) { service in
            await hanging.first()
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Waits in line when this returns.
                group.addImmediateTask { try await service.setPaused(false) }
                letGo.send(())
                try await group.waitForAll()
            }
            #expect(service.quota().state == .running)
        }
    }

    @Test func `a queue that can't be read ends the service and answers who waits`() async throws {
        queue.state.withLock { $0.restoreFault = .failed("no such file") }
        let service = makeService(FakeProvider())
        await #expect(throws: QueueError.failed("no such file")) { try await service.run() }
        await #expect(throws: ChangeError.stopping) { try await service.setPaused(true) }
    }

    @Test func `a stopped service answers at once`() async throws {
        let service = makeService(FakeProvider())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            await watch.reports.first { $0 == .campaign(FakeQueue.id, .completed, nil) }
            group.cancelAll()
            try await group.waitForAll()
        }
        await #expect(throws: ChangeError.stopping) {
            try await service.change(FakeQueue.id, .transition(.pause))
        }
        #expect(time.sleeperCount == 0)
    }
}

/// Runs tasks on a queue that can be told from other threads.
private final class Place: TaskExecutor {
    static let key = DispatchSpecificKey<Bool>()
    private let queue = DispatchQueue(label: "calls")

    init() { queue.setSpecific(key: Self.key, value: true) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
