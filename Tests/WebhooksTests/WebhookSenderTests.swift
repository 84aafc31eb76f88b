import DeliveryCore
import DeliveryEngine
import Logging
import Platform
import QueueFixtures
import QueueTables
import SQLiteQueue
import Synchronization
import TestSupport
import Testing
import Webhooks

/// The sender with the real outbox, under virtual time.
@Suite struct WebhookSenderTests {
    /// Receivers that answer as they are told, and what came to them.
    private final class Receivers: HookPoster {
        struct State {
            var random: SplitMix64
            /// Of so many tries one fails.
            var failEvery: Int?
            var isDead = false
            var hangs = false
            var tries = 0
            /// In the order of arrival, repeats too: the hook's host and the body.
            var told: [(host: String, body: String)] = []
        }

        let state: Mutex<State>
        private let time: VirtualTime

        init(seed: UInt64, _ time: VirtualTime) {
            state = Mutex(State(random: SplitMix64(seed: seed)))
            self.time = time
        }

        func post(
            _ body: [UInt8],
            headers: [(name: String, value: String)],
            to address: HookAddress
        ) async -> HookAnswer {
            let (wait, hangs) = state.withLock { state in
                state.tries += 1
                return (Int.random(in: 1...900, using: &state.random), state.hangs)
            }
            let now = time.now().instant
            do {
                let length = hangs ? Duration.seconds(86_400) : .milliseconds(wait)
                try await time.sleep(until: now.advanced(by: length))
            } catch {
                return .failed("canceled")
            }
            return state.withLock { state in
                if state.isDead, address.server.host == "dead.example" { return .failed("dead") }
                let fails = state.failEvery.map {
                    Int.random(in: 0..<$0, using: &state.random) == 0
                }
                let isLost = fails == true && Bool.random(using: &state.random)
                // Of some tries the answer is lost.
                if fails != true || isLost {
                    let text = String(decoding: body, as: UTF8.self)
                    state.told.append((address.server.host, text))
                }
                return fails == true ? .status(500) : .status(200)
            }
        }
    }

    private func makeHook(_ host: String) throws -> Webhook {
        Webhook(
            address: try #require(HookAddress("https://\(host)/")),
            kinds: Set(EventKind.allCases),
            secret: Secret("0123456789abcdefghijklmn")
        )
    }

    private func makeStore() throws -> Store {
        var options = makeOptions()
        options.render = { event in
            guard case .campaign(let campaign) = event.subject else { return [] }
            return Array("\(campaign.id) \(event.kind.rawValue)".utf8)
        }
        return try Store.inMemory(options: options)
    }

    private func makeSender(
        _ hooks: [Webhook],
        _ store: Store,
        _ receivers: Receivers,
        _ time: VirtualTime
    ) -> WebhookSender {
        WebhookSender(
            hooks,
            outbox: store,
            poster: receivers,
            time: time,
            seed: 1,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs a sender beside some work until a condition holds, and ends it as a kill would.
    private func live(
        _ sender: WebhookSender,
        _ executor: VirtualExecutor,
        _ time: VirtualTime,
        until isOver: () -> Bool
    ) {
        // An unstructured task, since nothing but the executor below runs it.
        let task = Task(executorPreference: executor) { try await sender.run() }
        executor.drain()
        while !isOver(), time.passToNext() { executor.drain() }
        task.cancel()
        executor.drain()
    }

    /// A campaign's whole life, of four events.
    private func begin(_ number: Int, _ store: Store, _ time: VirtualTime) async throws {
        let id = makeID(UInt64(number))
        let accounts = makeAccounts(2)
        _ = try await store.create(makeNewCampaign(id, accounts: accounts), now: time.now())
        for transition in [Campaign.Transition.pause, .resume, .cancel] {
            _ = try await store.change(.transition(id, transition), now: time.now())
        }
    }

    private static let order = ["started", "paused", "resumed", "canceled"]

    @Test(arguments: Array(1...20 as ClosedRange<UInt64>))
    func `every event arrives, and a campaign's in their order, through kills`(
        seed: UInt64
    ) async throws {
        let time = VirtualTime()
        let executor = VirtualExecutor(seed: seed)
        let receivers = Receivers(seed: seed, time)
        receivers.state.withLock { $0.failEvery = 3 }
        var store = try makeStore()
        let hooks = [try makeHook("a.example"), try makeHook("b.example")]
        var random = SplitMix64(seed: seed)
        store.subscribe(hooks.map(\.subscription))
        for life in 0..<4 {
            for number in 1...3 { try await begin(life * 3 + number, store, time) }
            let end = time.now().instant.advanced(
                by: .milliseconds(Int.random(in: 1...20_000, using: &random))
            )
            let sender = makeSender(hooks, store, receivers, time)
            live(sender, executor, time) { time.now().instant >= end }
            store = store.reopened(bootID: "boot-\(life)")
        }
        let sender = makeSender(hooks, store, receivers, time)
        let end = time.now().instant.advanced(by: .seconds(3 * 86_400))
        live(sender, executor, time) { time.now().instant >= end }
        #expect(try await store.backlogs() == [:])
        let told = receivers.state.withLock { $0.told }
        for host in ["a.example", "b.example"] {
            for number in 1...12 {
                let id = "\(makeID(UInt64(number)))"
                var seen: [String] = []
                for event in told where event.host == host && event.body.hasPrefix(id) {
                    let kind = String(event.body.split(separator: ".").last ?? "")
                    if !seen.contains(kind) { seen.append(kind) }
                    #expect(kind == seen.last, "an earlier event comes again")
                }
                #expect(seen == Self.order)
            }
        }
    }

    @Test func `a dead hook with a backlog costs a try every two minutes, and another one nothing`()
        async throws
    {
        let time = VirtualTime()
        let receivers = Receivers(seed: 1, time)
        receivers.state.withLock { $0.isDead = true }
        let store = try makeStore()
        let hooks = [try makeHook("dead.example"), try makeHook("a.example")]
        store.subscribe(hooks.map(\.subscription))
        for number in 1...100 { try await begin(number, store, time) }
        let sender = makeSender(hooks, store, receivers, time)
        let end = time.now().instant.advanced(by: .seconds(86_400))
        live(sender, VirtualExecutor(seed: 1), time) { time.now().instant >= end }
        let backlogs = try await store.backlogs()
        #expect(backlogs.mapValues(\.count) == [hooks[0].key: 400])
        let (tries, told) = receivers.state.withLock { ($0.tries, $0.told.count) }
        #expect(told == 400)
        #expect((600...820).contains(tries - told), "\(tries - told) in a day")
        let standing = try await sender.standing()
        #expect(standing.map(\.backlog.count) == [400, 0])
        #expect(standing[0].last?.error == "dead" && standing[0].nextAt != nil)
        #expect(standing[1].nextAt == nil && standing[1].figures.settled == 400)
    }

    @Test func `a hook that hangs is given 15 seconds`() async throws {
        let time = VirtualTime()
        let receivers = Receivers(seed: 1, time)
        receivers.state.withLock { $0.hangs = true }
        let store = try makeStore()
        let hooks = [try makeHook("a.example")]
        store.subscribe(hooks.map(\.subscription))
        try await begin(1, store, time)
        let sender = makeSender(hooks, store, receivers, time)
        let end = time.now().instant.advanced(by: .seconds(16))
        live(sender, VirtualExecutor(seed: 1), time) { time.now().instant >= end }
        let last = try #require(try await sender.standing()[0].last)
        #expect(last.error?.hasPrefix("no answer within 15") == true && last.status == nil)
        #expect(last.at == at(15).timestamp)
    }
}
