import Client
import DeliveryCore
import DeliveryEngine
import Platform
import TestSupport
import Testing
import fanoutd

@Suite(.timeLimit(.minutes(1))) struct `A node` {
    private let scene = NodeScene()
    private var leadership: FakeLeadership { scene.leadership }

    private static let leads = "The queue has been read: this node answers as the leader"

    @Test func `stands by, leads, loses the lease and leads again in a term of its own`()
        async throws
    {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            #expect(try await scene.role() == "standby")
            await #expect(throws: CommandFailure.self) { try await scene.submit(["a"]) }

            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            #expect(try await scene.role() == "leader")
            scene.provider.open()
            let done = try await scene.submit(["a", "b"])
            try await passTime { try await scene.count("sent", of: done) == 2 }
            scene.provider.close()
            let id = try await scene.submit(["c", "d", "e"])
            try await passTime { scene.provider.batches.count == 2 }
            // Its queue's lock is free only when nobody holds the term any more.
            let end = try #require(scene.terms.current).end

            leadership.lose()
            await leadership.events.first { $0 == .resigned }
            #expect(end.isReached)
            #expect(scene.terms.current == nil)
            #expect(try await scene.role() == "standby")
            // Requests of the former term have a moment; then the node stands by again.
            try await passTime { leadership.history.last == .standsBy }

            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            // The call is held as out.
            try await passTime { try await scene.count("sending", of: id) == 3 }
            #expect(scene.terms.current?.end.isReached == false, "it is another term")
            scene.provider.open()
            try await passTime { try await scene.count("sent", of: id) == 3 }
            let calls = scene.provider.batches.dropFirst()
            try #require(calls.count == 2)
            #expect(calls.first?.accounts == calls.last?.accounts)
            #expect(calls.first?.numbers == calls.last?.numbers, "the very same call")
            #expect(
                await scene.metrics().contains("fanoutd_recipients_total{status=\"sent\"} 5"),
                "counters go on from term to term"
            )
        }
        #expect(
            leadership.history == [
                .standsBy, .leads(epoch: 1), .resigned, .standsBy, .leads(epoch: 2), .resigned,
            ]
        )
    }

    @Test func `that stands by stops at once, and has nothing to give up`() async throws {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
        }
        #expect(leadership.history == [.standsBy])
    }

    @Test func `that leads stops when its calls are recorded, and gives the lease up then`()
        async throws
    {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            let id = try await scene.submit(["a", "b"])
            await scene.provider.calls.first()
            await scene.stop()
            #expect(try await scene.count("sending", of: id) == 2)
            #expect(leadership.history.last == .leads(epoch: 1), "the lease is kept")
            scene.provider.open()
            await leadership.events.first { $0 == .resigned }
        }
        #expect(leadership.history == [.standsBy, .leads(epoch: 1), .resigned])
        #expect(scene.terms.ended.sent == 2)
    }

    @Test func `that loses the lease while it stops doesn't stand by again`() async throws {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            _ = try await scene.submit(["a", "b"])
            await scene.provider.calls.first()
            await scene.stop()
            leadership.lose()
            await leadership.events.first { $0 == .resigned }
        }
        #expect(leadership.history == [.standsBy, .leads(epoch: 1), .resigned])
        #expect(scene.terms.ended.sent == 0)
    }

    @Test func `whose queue can't be read lets another lead, and stands by after a pause`()
        async throws
    {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            leadership.grant(.brokenQueue)
            await leadership.events.first { $0 == .resigned }
            #expect(try await scene.role() == "standby")
            try await passTime { leadership.history.last == .standsBy }
            #expect(scene.time.now().instant >= at(5).instant)
            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            #expect(try await scene.role() == "leader")
        }
    }

    @Test func `ends with what no waiting mends`() async throws {
        await #expect(throws: FakeLeadership.LeaseRefused.self) {
            try await scene.run {
                await leadership.events.first { $0 == .standsBy }
                leadership.grant(.refusal(.init()))
                // The story's end is no stop of its own: the error comes first.
                while leadership.isWaited { await Task.yield() }
            }
        }
    }

    @Test func `shows what it knows of the cluster in its metrics`() async throws {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            let before = await scene.metrics()
            #expect(before.isSuperset(of: ["fanoutd_leader 0", "fanoutd_store_in_doubt_total 0"]))
            #expect(before.contains("fanoutd_in_flight_calls 0"))
            #expect(!before.contains { $0.hasPrefix("fanoutd_quota_window_messages") })
            #expect(!before.contains { $0.hasPrefix("fanoutd_epoch") })
            #expect(!before.contains { $0.hasPrefix("fanoutd_state") && $0.hasSuffix(" 1") })
            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            let after = await scene.metrics()
            #expect(
                after.isSuperset(of: [
                    "fanoutd_leader 1", "fanoutd_epoch 1", "fanoutd_store_synchronous 1",
                    "fanoutd_store_went_back_total 0", "fanoutd_state{state=\"running\"} 1",
                ])
            )
        }
    }

    @Test func `keeps what a reload was refused for, whatever its part`() async throws {
        try await scene.run {
            await leadership.events.first { $0 == .standsBy }
            scene.terms.configurationRead(refusedFor: "limits.burst: too large")
            let before = try await scene.configError()
            leadership.grant()
            await scene.log.first { $0 == Self.leads }
            let after = try await scene.configError()
            #expect([before, after] == Array(repeating: "limits.burst: too large", count: 2))
        }
    }

    /// Makes time pass, from one wait to the next, until something holds.
    private func passTime(until holds: () async throws -> Bool) async throws {
        while try await !holds() {
            try Task.checkCancellation()
            await Task.yield()
            _ = scene.time.passToNext()
        }
    }
}

@Suite struct `A write's proof` {
    @Test func `is overdue once a write is out for longer than a takeover takes`() async throws {
        let time = VirtualTime()
        let proof = WritingProof()
        let started = Signals<Void>()
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await proof.run(time: time) { _ in
                    started.send(())
                    for await _ in ends {}
                }
            }
            await started.first()
            #expect(!proof.isOverdue(at: time.now().instant))
            time.pass(.seconds(60))
            #expect(!proof.isOverdue(at: time.now().instant))
            time.pass(.seconds(31))
            #expect(proof.isOverdue(at: time.now().instant))
            end.finish()
            while time.sleeperCount == 0 { await Task.yield() }
            #expect(!proof.isOverdue(at: time.now().instant))
            group.cancelAll()
        }
    }
}
