import DeliveryCore
import DeliveryEngine
package import QueueTables
import TestSupport

/// Several nodes on one database: leaders that are replaced, or stopped and woken, commits in doubt,
/// and a database that goes back.
extension World {
    /// A machine with a monotonic clock of its own.
    struct Node: Sendable {
        let name: String
        var boots = 0
        var bootedAt: Instant
        /// What its clock read then.
        var reading: Instant

        var bootID: String { "\(name) \(boots)" }

        func clock(at real: Instant) -> Instant {
            reading.advanced(by: max(.zero, bootedAt.duration(to: real)))
        }

        mutating func reboot(at instant: Instant) {
            boots += 1
            restore(at: instant)
        }

        /// The machine goes on from an early image of itself, within the same boot.
        mutating func restore(at instant: Instant) {
            bootedAt = instant
            // A boot's clock begins near zero.
            reading = Instant(nanoseconds: 5_000_000_000)
        }
    }

    /// What a stopped process finds to do when it is woken, in order.
    struct Sleep: Sendable {
        var steps: [Step] = []
    }

    /// A former leader: what it still does, it does without knowing that another one leads.
    struct StaleLeader: Sendable {
        var dispatcher: Dispatcher
        let store: Store
        let node: Int
        let life: Int
        var hold: LeaseHold
        var steps: [Step]
        var isAwake = false
    }

    /// What the rows are held against, as it was when they were kept.
    struct Kept: Sendable {
        let record: Record
        let promises: Promises
        let tally: TrafficTally
        let telling: Telling
        let doubts: Doubts
        let campaigns: [Campaign.ID]
        let caps: [Campaign.ID: LimitHistory]
    }

    package struct TermFigures: Sendable, Hashable {
        package var takeovers = 0
        package var naps = 0
        package var doubts = 0
        package var staleCommits = 0
        package var staleCalls = 0
        package var wentBack = 0

        package init() {}

        package mutating func add(_ other: TermFigures) {
            takeovers += other.takeovers
            naps += other.naps
            doubts += other.doubts
            staleCommits += other.staleCommits
            staleCalls += other.staleCalls
            wentBack += other.wentBack
        }
    }

    static let patience: Duration = .seconds(12)

    package static func options(bootID: String, seed: UInt64) -> Store.Options {
        Store.Options(
            bootID: bootID,
            seed: seed,
            accounts: accountRules,
            rowsPerStep: 20,
            render: { Array($0.kind.rawValue.utf8) }
        )
    }

    /// Whether clients and operators are answered.
    var takesRequests: Bool { isUp && doubtUntil <= real }

    // MARK: - Beginning and end

    mutating func beginTerm() throws {
        provenAt = real
        guard let terms else {
            store = store.reopened(bootID: nodes[node].bootID)
            return
        }
        terms.set(.made)
        let isNoticed = sabotage != .goingBackUnnoticed
        store = try terms.begin(
            Self.options(bootID: nodes[node].bootID, seed: random.next()),
            lacksCalls: hasGoneBack && isNoticed
        )
        store.subscribe([Telling.subscription])
        hasGoneBack = false
    }

    /// How long until somebody leads after a crash: this node's next process, or another node once its
    /// patience is over.
    mutating func pauseOfTerms() -> Duration? {
        guard terms != nil, faults.hasTerms else { return nil }
        guard chance(3) else { return moveOn() }
        let pause = draw(100...5_000)
        if chance(4) { nodes[node].restore(at: real.advanced(by: pause)) }
        return pause
    }

    private mutating func moveOn() -> Duration {
        termFigures.takeovers += 1
        node = (node + Int.random(in: 1..<nodes.count, using: &random)) % nodes.count
        return draw(9_000...17_000)
    }

    // MARK: - Stopped leaders

    /// Whether the process is stopped instead of ended.
    mutating func fallsAsleep() -> Bool {
        guard terms != nil, faults.hasTerms, stale == nil, chance(2) else { return false }
        stop(for: draw(500...150_000))
        return true
    }

    /// Whether the process is stopped right before a call, which is where it matters most.
    mutating func stops(before effect: Dispatcher.Effect) -> Bool {
        guard terms != nil, faults.hasTerms, isTroubled, stale == nil, case .call = effect,
            chance(40)
        else { return false }
        stop(for: draw(500...150_000))
        return true
    }

    mutating func stop(for length: Duration) {
        stopsFor = nil
        termFigures.naps += 1
        sleep = Sleep()
        isUp = false
        schedule(.wakeUp, after: length)
        let patience = Self.patience + draw(0...5_000)
        if length > patience { schedule(.takeOver, after: patience) }
    }

    /// What the process was about to do when it was stopped; a crash forgets it.
    mutating func leave(_ step: Step) { sleep?.steps.append(step) }

    /// Whether a step belongs to the process that leads, and it isn't stopped.
    mutating func isForThisLife(_ next: Scheduled) async throws -> Bool {
        if next.life == life {
            guard sleep == nil else {
                leave(next.step)
                return false
            }
            return true
        }
        guard let stale, stale.life == next.life else { return false }
        if stale.isAwake {
            await goOn(next.step)
        } else {
            self.stale?.steps.append(next.step)
        }
        return false
    }

    /// Another node leads, whose patience with a stopped one is over.
    mutating func takeOver() {
        guard let sleep else { return }
        stale = StaleLeader(
            dispatcher: dispatcher,
            store: store,
            node: node,
            life: life,
            hold: LeaseHold(patience: Self.patience, provenAt: provenAt),
            steps: sleep.steps
        )
        crashes += 1
        endLife()
        _ = moveOn()
        schedule(.start, after: draw(1...100))
    }

    mutating func wakeUp(_ woken: Int) {
        if woken == life, let sleep {
            self.sleep = nil
            isUp = true
            doubts.started(at: real)
            for step in sleep.steps { schedule(step, after: .zero) }
        } else if let stale, stale.life == woken {
            self.stale?.isAwake = true
            self.stale?.steps = []
            for step in stale.steps { add(step, of: stale) }
            // An idle leader beats.
            add(.commit([]), of: stale, after: .seconds(3))
        }
    }

    private mutating func add(
        _ step: Step,
        of leader: StaleLeader,
        after delay: Duration = .zero
    ) {
        agenda.add(Scheduled(life: leader.life, step: step), at: real.advanced(by: delay))
    }

    // MARK: - Leaders that another one has followed

    private mutating func goOn(_ step: Step) async {
        guard let stale else { return }
        var now = now
        now.instant = nodes[stale.node].clock(at: real)
        switch step {
        case .event(let event): goOn(with: event, now)
        case .effects(let effects, _): for effect in effects { goOn(with: effect, now) }
        case .committed(let pairs, let begunAt):
            self.stale?.hold.committed(begunAt: begunAt)
            goOn(with: .committed(pairs.map(\.result)), now)
        case .commit(let writes):
            termFigures.staleCommits += 1
            do {
                let results = try await stale.store.commit(writes, now: now)
                let begunAt = real
                self.stale?.hold.committed(begunAt: begunAt)
                // Nobody follows it yet.
                count(zip(writes, results).map { (write: $0, result: $1) })
                if !writes.isEmpty { goOn(with: .committed(results), now) }
            } catch {
                // It knows now, and stands by.
                self.stale = nil
            }
        default: break
        }
    }

    private mutating func goOn(with event: Dispatcher.Event, _ now: Now) {
        let effects = stale?.dispatcher.handle(event, now: now) ?? []
        for effect in effects { goOn(with: effect, now) }
    }

    private mutating func goOn(with effect: Dispatcher.Effect, _ now: Now) {
        guard let stale else { return }
        switch effect {
        case .commit(let writes): add(.commit(writes), of: stale, after: draw(1...8))
        case .call(let batch):
            termFigures.staleCalls += 1
            guard sabotage == .staleLeaderCalls || stale.hold.allowsCall(at: real) else {
                let outcome = Outcome.notSent("another node may lead")
                return add(.event(.answered(batch.id, outcome)), of: stale)
            }
            let own = life
            life = stale.life
            send(batch, isFenced: false)
            life = own
        case .jobCall(let id, let call):
            let text = "another node may lead"
            let answer: JobAnswer =
                switch call {
                case .check: .check(.notSent(text))
                case .lookUp: .lookUp(.notSent(text))
                case .recall: .recall(.notSent(text))
                }
            add(.event(.jobAnswered(id, answer)), of: stale)
        case .wake(let instant):
            let wait = max(.microseconds(1), now.instant.duration(to: instant))
            add(.event(.woke), of: stale, after: wait)
        case .check, .renewCredentials, .reply, .report, .stopped: break
        }
    }

    /// Whether a call may go out: another node leads at the earliest when a patience is over.
    var allowsCall: Bool {
        guard terms != nil else { return true }
        return LeaseHold(patience: Self.patience, provenAt: provenAt).allowsCall(at: real)
    }

    // MARK: - Commits in doubt

    /// How long it stays unknown whether the next commit is made; nil if it is known at once.
    mutating func drawDoubt() -> Duration? {
        guard let terms else { return nil }
        terms.set(sabotage == .staleLeaderCommits ? .unfenced : .made)
        guard isTroubled, faults.happens(faults.doubtfulCommit, &random) else { return nil }
        termFigures.doubts += 1
        let isMade = Bool.random(using: &random)
        switch (sabotage, isMade) {
        case (.doubtTakenAsFailed, true): terms.set(.madeTakenAsLost)
        case (.doubtTakenAsMade, false): terms.set(.lostTakenAsMade)
        case (_, false): terms.set(.lost)
        default: break
        }
        let length = draw(500...20_000)
        doubtUntil = real.advanced(by: length)
        doubts.forget()
        return length
    }

    /// It turns out that a commit in doubt wasn't made, unless the term ends before that.
    mutating func failed(_ error: QueueError, after length: Duration) {
        terms?.set(.made)
        if chance(4) { return crash() }
        schedule(.event(.commitFailed(.failed("\(error)"))), after: length)
    }

    // MARK: - A database that goes back

    /// What may happen to the nodes and their database at any time.
    mutating func disturbTerms() async throws {
        guard terms != nil, faults.goesBack, kept == nil, chance(10) else { return }
        try await keep()
        schedule(.goBack, after: draw(100...40_000))
    }

    mutating func keep() async throws {
        guard let terms else { return }
        try await terms.keep()
        record.kept()
        kept = Kept(
            record: record,
            promises: promises,
            tally: tally,
            telling: telling,
            doubts: doubts,
            campaigns: campaigns,
            caps: caps
        )
    }

    /// Another server takes over that lacks the last commits; whoever led writes nothing more.
    mutating func goBack() async throws {
        guard let terms, let kept else { return }
        self.kept = nil
        termFigures.wentBack += 1
        try await terms.goBack()
        record.wentBack(to: kept.record)
        promises.wentBack(to: kept.promises)
        tally = kept.tally
        telling = kept.telling
        doubts = kept.doubts
        campaigns = kept.campaigns
        submissions.removeAll { !kept.campaigns.contains($0.id) }
        for (index, stream) in streams.enumerated() where !campaigns.contains(stream.id) {
            streams[index].isOver = true
        }
        let now = real
        for (id, cap) in kept.caps { caps[id]?.set(cap.current, at: now) }
        hasGoneBack = true
        stale = nil
        crashes += 1
        endLife()
        schedule(.start, after: moveOn())
    }
}
