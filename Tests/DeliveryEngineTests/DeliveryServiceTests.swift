import DeliveryCore
import DeliveryEngine
import Logging
import Simulation
import Synchronization
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
            async let proof: Void = {
                await service.proveTurning()
                order.send("it turns")
            }()
            // Long enough for a wrong answer to come.
            for _ in 0..<1_000 { await Task.yield() }
            order.send("let go")
            letGo.send(())
            await proof
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
            var campaign = Campaign(
                id: FakeQueue.id,
                name: "",
                state: .running,
                createdAt: Timestamp(milliseconds: 0),
                message: CheckedMessage(json: [], packetOverhead: 200)
            )
            campaign.counts.sending = 3
            let progress = service.progress(of: campaign)
            #expect(progress.messagesLastMinute == 3)
            #expect(progress.eta != nil)
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
            $0.fresh = 0
            $0.fault = .failed("disk I/O error")
        }
        try await running(FakeProvider()) { service in
            await #expect(throws: ChangeError.queue(.failed("disk I/O error"))) {
                try await service.change(FakeQueue.id, .transition(.pause))
            }
            #expect(service.quota().state == .storeFailed)
            queue.state.withLock { $0.fault = nil }
            async let change = service.change(FakeQueue.id, .transition(.pause))
            while service.quota().state == .storeFailed {
                time.pass(.seconds(1))
                await Task.yield()
            }
            let state = try await change.campaign.state
            #expect(state == .paused)
        }
    }

    @Test func `what can't be written outside of commits shows, until something can`() async throws
    {
        queue.state.withLock {
            $0.fresh = 0
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
            while service.quota().state == .storeFailed {
                time.pass(.seconds(1))
                await Task.yield()
            }
            #expect(service.quota().state == .running)
        }
    }

    @Test func `what is asked while the queue is being read isn't undone by what it held`()
        async throws
    {
        queue.state.withLock { state in
            state.isPaused = true
            // Long enough for the request below to wait in line.
            state.whileRestoring = { for _ in 0..<1_000 { await Task.yield() } }
        }
        try await running(FakeProvider()) { service in
            try await service.setPaused(false)
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
