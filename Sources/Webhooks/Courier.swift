package import DeliveryCore
package import DeliveryEngine

/// Decides which event goes to which hook when, and what becomes of it.
///
/// Like the dispatcher it holds no clock, no store and no socket: it is told what happened and
/// answers with what to do. It keeps a handful of events a hook; the rest is in the outbox.
package struct Courier: Sendable {
    private var lines: [HookKey: HookLine] = [:]
    /// In the configuration's order, so that what follows doesn't depend on a hash.
    private var order: [HookKey] = []
    /// Results that wait to be recorded, and those that are being recorded.
    private var results: [HookResult] = []
    private var recording: [HookResult]?
    /// When the store is asked again that failed.
    private var storeRestsUntil: Instant?
    /// When a drain gives up on tries that are out.
    private var drainsUntil: Instant?
    private var askedWake: Instant?
    private var random: SplitMix64
    private var effects: [Effect] = []

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// What the shell tells the courier.
    package enum Event: Sendable, Hashable {
        /// These are the hooks now; a hook that stopped is tried again.
        case configured([HookKey])
        /// The outbox has new events.
        case stored
        case loaded(HookKey, DueEvents)
        case loadFailed(HookKey)
        case answered(HookKey, event: Int64, HookAnswer)
        /// The results are durable; so many events of each hook were too old.
        case recorded(expired: [HookKey: Int])
        case recordFailed
        /// The wake-up asked for has come.
        case woke
        /// Begin no more tries, and stop.
        case drain
    }

    /// What the courier asks of the shell, in order.
    package enum Effect: Sendable, Hashable {
        /// Read events that are due and report `loaded` or `loadFailed`.
        case load(HookKey, by: Timestamp, limit: Int)
        /// Send the event and report `answered`.
        case post(HookKey, StoredEvent)
        /// Report `recorded` or `recordFailed`.
        case record([HookResult])
        /// Report `woke` at this instant, or earlier.
        case wake(at: Instant)
        case report(HookKey, Report)
        case stopped
    }

    /// What happened, for logs and metrics.
    package enum Report: Sendable, Hashable {
        case settled
        /// A try failed; the next one of its event, if there is one, follows.
        case failed(EventKind, HookAnswer, attempts: Int)
        /// Events were tried for three days.
        case gaveUp(Int)
        /// The hook is gone: nothing is sent until a reload.
        case stopped
        /// A hook that failed takes events again.
        case recovered
    }

    /// How long the store is left alone after a fault; not measured.
    private static let storeRest: Duration = .seconds(1)
    /// How long tries that are out may take when the daemon stops; they are made again otherwise.
    private static let drainTime: Duration = .seconds(2)

    /// The one door: takes an event and answers with what to do.
    package mutating func handle(_ event: Event, now: Now) -> [Effect] {
        take(event, now: now)
        plan(now)
        defer { effects = [] }
        return effects
    }

    private mutating func take(_ event: Event, now: Now) {
        switch event {
        case .configured(let keys):
            let kept = lines
            lines = [:]
            order = keys
            for key in keys {
                lines[key] = kept[key] ?? HookLine()
                lines[key]?.reconfigured()
            }
        case .stored:
            for key in order { lines[key]?.hasMore = true }
        case .loaded(let key, let due): lines[key]?.loaded(due)
        case .loadFailed(let key):
            lines[key]?.loadFailed()
            restStore(now)
        case .answered(let key, let id, let answer): answered(key, id, answer, now: now)
        case .recorded(let expired):
            for (key, count) in expired.sorted(by: { $0.key < $1.key }) where count > 0 {
                effects.append(.report(key, .gaveUp(count)))
            }
            for result in recording ?? [] { result.event.map { lines[$0.hook]?.recorded($0.id) } }
            recording = nil
            storeRestsUntil = nil
        case .recordFailed:
            results = (recording ?? []) + results
            recording = nil
            restStore(now)
        case .woke: askedWake = nil
        case .drain: drainsUntil = drainsUntil ?? now.instant.advanced(by: Self.drainTime)
        }
    }

    private mutating func restStore(_ now: Now) {
        storeRestsUntil = now.instant.advanced(by: Self.storeRest)
    }

    private mutating func answered(_ key: HookKey, _ id: Int64, _ answer: HookAnswer, now: Now) {
        // A hook that isn't configured any more: its events go with it.
        guard var line = lines[key], let event = line.out[id] else { return }
        let wasFailing = line.failures > 0
        switch line.answered(event, answer, now: now, using: &random) {
        case .settled:
            effects.append(.report(key, .settled))
            if wasFailing { effects.append(.report(key, .recovered)) }
            results.append(.removed(key, event: id))
        case .stopped: effects.append(.report(key, .stopped))
        case .postponed(let attempts, let since, let dueAt):
            effects.append(.report(key, .failed(event.kind, answer, attempts: attempts)))
            results.append(
                .postponed(key, event: id, attempts: attempts, failingSince: since, dueAt: dueAt)
            )
        case .gaveUp(let attempts):
            effects.append(.report(key, .failed(event.kind, answer, attempts: attempts)))
            effects.append(.report(key, .gaveUp(1)))
            results.append(.removed(key, event: id))
        }
        if let before = line.patienceEnds(now.timestamp) {
            results.append(.expired(key, before: before))
        }
        lines[key] = line
    }

    // MARK: Planning

    private mutating func plan(_ now: Now) {
        var wake: Instant?
        func note(_ instant: Instant) { wake = min(wake ?? instant, instant) }
        let canAsk = storeRestsUntil.map { $0 <= now.instant } ?? true
        if canAsk, recording == nil, !results.isEmpty {
            recording = results
            results = []
            effects.append(.record(recording ?? []))
        }
        if let storeRestsUntil, !canAsk { note(storeRestsUntil) }
        if let drainsUntil {
            let isDone =
                recording == nil && results.isEmpty && lines.values.allSatisfy(\.out.isEmpty)
            if isDone || drainsUntil <= now.instant { return effects.append(.stopped) }
            note(drainsUntil)
        } else {
            for key in order {
                if let instant = plan(key, canAsk: canAsk, now) { note(instant) }
            }
        }
        guard let wake, askedWake.map({ wake < $0 }) ?? true else { return }
        askedWake = wake
        effects.append(.wake(at: wake))
    }

    /// Plans for one hook; answers when it has something to do by the clock.
    private mutating func plan(_ key: HookKey, canAsk: Bool, _ now: Now) -> Instant? {
        guard var line = lines[key], !line.isStopped else { return nil }
        defer { lines[key] = line }
        if let rest = line.restsUntil, rest > now.instant { return rest }
        while let event = line.next() { effects.append(.post(key, event)) }
        guard line.ready.isEmpty, !line.isLoading else { return nil }
        if line.hasMore || line.nextAt.map({ $0 <= now.timestamp }) ?? false {
            guard canAsk else { return nil }
            line.load()
            effects.append(.load(key, by: now.timestamp, limit: HookLine.loadLimit))
            return nil
        }
        return line.nextAt.map { now.instant.advanced(by: now.timestamp.duration(to: $0)) }
    }

    // MARK: What people see

    /// The last try of a hook, when the next one is due as far as it is known, and whether it has
    /// stopped.
    package func standing(
        of key: HookKey,
        _ now: Now
    ) -> (last: HookTry?, nextAt: Timestamp?, isStopped: Bool) {
        guard let line = lines[key] else { return (nil, nil, false) }
        guard !line.isStopped else { return (line.last, nil, true) }
        let rest = line.restsUntil.map { now.timestamp(at: $0) }
        let next = line.ready.isEmpty && line.out.isEmpty ? line.nextAt : nil
        return (line.last, max(rest ?? now.timestamp, next ?? now.timestamp, now.timestamp), false)
    }
}

/// What came back from a hook.
package enum HookAnswer: Sendable, Hashable {
    case status(Int)
    /// No answer, and why.
    case failed(String)

    /// Why the answer doesn't settle an event; nil if it does.
    package var error: String? {
        switch self {
        case .status(200..<300): nil
        case .status(300..<400): "redirects aren't followed: give the URL that it leads to"
        case .status(410): "the hook is gone; reload the configuration to send to it again"
        case .status(let status): "HTTP \(status)"
        case .failed(let text): text
        }
    }

    package var status: Int? { if case .status(let status) = self { status } else { nil } }
}

extension HookResult {
    /// The event that it is about; nil for many.
    fileprivate var event: (hook: HookKey, id: Int64)? {
        switch self {
        case .removed(let hook, let event): (hook, event)
        case .postponed(let hook, let event, _, _, _): (hook, event)
        case .expired: nil
        }
    }
}
