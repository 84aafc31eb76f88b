import Codecs
import DeliveryCore
package import DeliveryEngine
import JSON
package import Logging
import ServiceLifecycle
import Synchronization

/// Tells hooks of events: performs the courier's effects.
///
/// It has its own connections and reads the outbox only when there is something: sending never waits
/// for it. A stop begins no more tries, and what is out then is sent again by the next run.
package final class WebhookSender: Service {
    private let outbox: any Outbox
    private let poster: any HookPoster
    private let time: any TimeSource
    private let log: QuietLog
    private let events: AsyncStream<Turn>
    private let report: AsyncStream<Turn>.Continuation
    /// What the senders before this one came to.
    private let former: [HookKey: HookFigures]
    private let state: Mutex<State>

    private struct State: Sendable {
        var courier: Courier
        /// In the configuration's order.
        var hooks: [Webhook]
        var figures: [HookKey: HookFigures]
        var told: [HookKey: Int] = [:]
        var tests: UInt64 = 0
    }

    /// What the loop takes.
    private enum Turn: Sendable {
        case courier(Courier.Event)
        case reconfigured
    }

    /// How long one try may take.
    package static let timeout: Duration = .seconds(15)

    /// `former` is what senders before this one came to, which the figures go on from.
    package init(
        _ hooks: [Webhook],
        outbox: any Outbox,
        poster: any HookPoster = HTTPHookPoster(),
        time: any TimeSource,
        seed: UInt64,
        former: [HookKey: HookFigures] = [:],
        logger: Logger
    ) {
        self.outbox = outbox
        self.poster = poster
        self.time = time
        log = QuietLog(logger, time: time)
        self.former = former
        state = Mutex(State(courier: Courier(seed: seed), hooks: hooks, figures: former))
        (events, report) = AsyncStream.makeStream()
        outbox.subscribe(hooks.map(\.subscription))
    }

    /// Replaces the hooks; one that stopped is tried again.
    package func update(_ hooks: [Webhook]) {
        state.withLock { $0.hooks = hooks }
        outbox.subscribe(hooks.map(\.subscription))
        report.yield(.reconfigured)
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                perform(reconfigure(in: &group), in: &group)
                group.addTask {
                    for await _ in self.outbox.eventsStored {
                        self.report.yield(.courier(.stored))
                    }
                }
                for await turn in events {
                    let effects =
                        switch turn {
                        case .courier(let event): handle(event)
                        case .reconfigured: reconfigure(in: &group)
                        }
                    if perform(effects, in: &group) { break }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.report.yield(.courier(.drain))
        }
        log.flush()
    }

    private func reconfigure(in group: inout DiscardingTaskGroup) -> [Courier.Effect] {
        group.addTask { await self.forgetOthers() }
        let keys = state.withLock { $0.hooks.map(\.key) }
        return handle(.configured(keys))
    }

    /// Removes what hooks were to be told that aren't configured any more, in short steps.
    private func forgetOthers() async {
        do {
            while try await outbox.forgetUnsubscribed(now: time.now()) {}
        } catch {
            // They take room and nothing else: the next start or reload removes them.
            log.log(LogLine(.warning, "Events of former webhooks stay in the store", kind: ""))
        }
    }

    private func handle(_ event: Courier.Event) -> [Courier.Effect] {
        let now = time.now()
        log.turn()
        return state.withLock { $0.courier.handle(event, now: now) }
    }

    /// Performs effects in order; true when the courier has stopped.
    @discardableResult
    private func perform(
        _ effects: [Courier.Effect],
        in group: inout DiscardingTaskGroup
    ) -> Bool {
        for effect in effects {
            switch effect {
            case .load(let key, let by, let limit):
                group.addTask { await self.load(key, by: by, limit: limit) }
            case .post(let key, let event): group.addTask { await self.post(event, to: key) }
            case .record(let results): group.addTask { await self.record(results) }
            case .wake(let instant): group.addTask { await self.wake(at: instant) }
            case .report(let key, let news): tell(news, of: key)
            case .stopped: return true
            }
        }
        return false
    }

    private func load(_ key: HookKey, by time: Timestamp, limit: Int) async {
        do {
            let due = try await outbox.due(key, by: time, limit: limit)
            tellDropped()
            report.yield(.courier(.loaded(key, due)))
        } catch {
            report.yield(.courier(.loadFailed(key)))
        }
    }

    private func record(_ results: [HookResult]) async {
        do {
            let expired = try await outbox.record(results, now: time.now())
            report.yield(.courier(.recorded(expired: expired)))
        } catch {
            report.yield(.courier(.recordFailed))
        }
    }

    private func wake(at instant: Instant) async {
        do {
            try await time.sleep(until: instant)
            report.yield(.courier(.woke))
        } catch {
            // Canceled: the sender has stopped.
        }
    }

    private func post(_ event: StoredEvent, to key: HookKey) async {
        let hook = state.withLock { $0.hooks.first { $0.key == key } }
        // Removed by a reload a moment ago: the courier hears of that as well.
        guard let hook else { return }
        let answer = await attempt(event.uuid, event.body, at: hook)
        report.yield(.courier(.answered(key, event: event.id, answer)))
    }

    /// One try, within its time.
    private func attempt(_ uuid: String, _ body: [UInt8], at hook: Webhook) async -> HookAnswer {
        let now = time.now()
        let headers = WebhookSignature.headers(
            of: uuid,
            at: now.timestamp,
            body: body,
            secret: hook.secret
        )
        return await withTaskGroup(of: HookAnswer?.self) { group in
            group.addTask { await self.poster.post(body, headers: headers, to: hook.address) }
            group.addTask {
                do {
                    try await self.time.sleep(until: now.instant.advanced(by: Self.timeout))
                } catch {
                    // There is an answer.
                }
                return nil
            }
            var answer = await group.next() ?? nil
            group.cancelAll()
            if let answer { return answer }
            answer = await group.next() ?? nil
            // Of a body that takes too long, the status is known all the same.
            if let status = answer?.status { return .status(status) }
            return .failed("no answer within \(Self.timeout)")
        }
    }
}

// MARK: - What is told

extension WebhookSender {
    private func tell(_ news: Courier.Report, of key: HookKey) {
        let place = state.withLock { state in
            count(news, in: &state.figures[key, default: HookFigures()])
            return state.hooks.firstIndex { $0.key == key }
        }
        guard let place else { return }
        let hook = "\(place + 1)"
        switch news {
        case .settled: break
        case .failed(let kind, let answer, let attempts):
            log.log(
                LogLine(
                    .warning,
                    "A webhook didn't take an event",
                    [
                        "hook": "\(hook)", "event": "\(kind.rawValue)",
                        "attempts": "\(attempts)", "error": "\(answer.error ?? "")",
                    ],
                    kind: hook
                )
            )
        case .gaveUp(let count):
            log.log(
                LogLine(
                    .error,
                    "Events were given up, a webhook didn't take them for three days",
                    ["hook": "\(hook)", "events": "\(count)"],
                    kind: hook
                )
            )
        case .stopped:
            log.log(
                LogLine(
                    .warning,
                    "A webhook is gone (410): nothing is sent to it until a reload",
                    ["hook": "\(hook)"]
                )
            )
        case .recovered:
            log.log(LogLine(.notice, "A webhook takes events again", ["hook": "\(hook)"]))
        }
    }

    private func count(_ news: Courier.Report, in figures: inout HookFigures) {
        switch news {
        case .settled: figures.settled += 1
        case .failed: figures.failed += 1
        case .gaveUp(let count): figures.givenUp += count
        case .stopped: figures.failed += 1
        case .recovered: break
        }
    }

    /// Says how many events were dropped since it was said last.
    private func tellDropped() {
        let dropped = outbox.dropped
        guard !dropped.isEmpty else { return }
        let news = state.withLock { state in
            let news = state.hooks.indices.compactMap { index -> (Int, Int)? in
                let key = state.hooks[index].key
                let count = (dropped[key] ?? 0) - (state.told[key] ?? 0)
                return count > 0 ? (index + 1, count) : nil
            }
            state.told = dropped
            return news
        }
        for (hook, count) in news {
            log.log(
                LogLine(
                    .error,
                    "A webhook has 100,000 events waiting: the oldest were dropped",
                    ["hook": "\(hook)", "events": "\(count)"],
                    kind: "\(hook)"
                )
            )
        }
    }
}

// MARK: - What people ask

extension WebhookSender: Hooks {
    package func standing() async throws(QueueError) -> [HookStanding] {
        let backlogs = try await outbox.backlogs()
        let figures = figures
        let now = time.now()
        return state.withLock { state in
            state.hooks.enumerated().map { index, hook in
                var standing = HookStanding(
                    id: index + 1,
                    url: hook.address.shown,
                    kinds: EventKind.allCases.filter(hook.kinds.contains)
                )
                let (last, nextAt, isStopped) = state.courier.standing(of: hook.key, now)
                standing.backlog = backlogs[hook.key] ?? HookBacklog(count: 0, oldestAt: nil)
                standing.last = last
                standing.nextAt = standing.backlog.count > 0 ? nextAt : nil
                standing.isStopped = isStopped
                standing.figures = figures[hook.key] ?? HookFigures()
                return standing
            }
        }
    }

    /// What tries came to since the process began, of hooks that are gone too.
    package var figures: [HookKey: HookFigures] {
        var figures = state.withLock { $0.figures }
        for (key, count) in outbox.dropped {
            figures[key, default: HookFigures()].dropped = (former[key]?.dropped ?? 0) + count
        }
        return figures
    }

    package func test(_ id: Int) async -> HookTry? {
        let at = time.now().timestamp
        let found = state.withLock { state -> (Webhook, UInt64)? in
            guard state.hooks.indices.contains(id - 1) else { return nil }
            state.tests += 1
            return (state.hooks[id - 1], state.tests)
        }
        guard let (hook, count) = found else { return nil }
        let body = JSONText.document {
            $0.field("type", "webhook.test")
            $0.field("timestamp", RFC3339.text(milliseconds: at.milliseconds))
            $0.object("data") { $0.field("webhook", id) }
        }
        let answer = await attempt("test-\(at.milliseconds)-\(count)", body, at: hook)
        return HookTry(at: at, status: answer.status, error: answer.error)
    }
}
