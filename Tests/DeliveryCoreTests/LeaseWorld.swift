import DeliveryCore
import TestSupport

/// Several nodes on one lease in virtual time, from a seed: a database whose commits take their time
/// and whose answers get lost, and nodes that are cut off, stopped, killed and woken.
///
/// The nodes do what production does around `LeaseWatch` and `LeaseHold`, and nothing else.
struct LeaseWorld {
    let patience: Duration
    let trouble: Trouble
    /// A mistake planted on purpose, to see that it is caught.
    let mistake: Mistake?

    private(set) var violations: [String] = []
    private(set) var figures = Figures()
    private var database = Database()
    private var nodes: [Node]

    private var agenda = Agenda<Step>()
    private var random: SplitMix64
    private(set) var real: Instant = Self.start
    private var requests = 0
    private var terms = 0
    /// When the row moved last, or could not be reached by anybody.
    private var obstacleAt: Instant = Self.start
    /// Terms that were lost when the database went back, and when.
    private var lost: [Int: Instant] = [:]
    private var snapshot: Database.Row?

    static let start: Instant = at(0).instant
    static let length: Duration = .seconds(600)
    private static let deadline: Duration = .seconds(5)
    private static let pause: Duration = .seconds(1)

    /// What goes wrong; each kind on or off.
    struct Trouble: Sendable, Hashable {
        var hasOutages = false
        var hasSlowCommits = false
        var hasLostAnswers = false
        var hasCuts = false
        var hasDeaths = false
        var hasStops = false
        var hasStaleServers = false
        var hasGoingBack = false
        var hasResigning = false

        static var kinds: [WritableKeyPath<Trouble, Bool>] {
            [
                \.hasOutages, \.hasSlowCommits, \.hasLostAnswers, \.hasCuts, \.hasDeaths,
                \.hasStops, \.hasStaleServers, \.hasGoingBack, \.hasResigning,
            ]
        }
    }

    struct Figures: Sendable, Hashable {
        var calls = 0
        /// Calls whose node was stopped between the question and the first byte.
        var stoppedCalls = 0
        var refusedCalls = 0
        var takeovers = 0
        var doubts = 0
        var wentBack = 0
        var outages = 0
    }

    /// A mistake that a lease may well be made with.
    enum Mistake: CaseIterable {
        /// A standby's patience runs on the wall clock.
        case patienceByWallClock
        /// Looks without an answer count as looks that showed the same.
        case silenceWhileAway
        /// A commit proves the lease from when its answer came.
        case provenAtEnd
        /// Calls begin until the very end of the patience.
        case noMargin
        /// A commit that was in doubt proves the lease from when it was settled.
        case provenBySettling
        /// A commit in doubt is taken as made.
        case doubtTakenAsMade
        /// A standby takes over whatever has been committed since its look.
        case blindTakeover
        /// Calls begin without a question.
        case unfenced
    }

    struct Database: Sendable {
        struct Row: Sendable, Hashable {
            var mark = LeaseMark(epoch: 0, beat: 0)
            var holder: Int?
            /// The leadership that wrote it: what the world knows and no node does.
            var term = 0
        }

        var row = Row()
        var isUp = true
        var serverCount = 0
        /// When the row's lock is free.
        var freeAt: Instant = at(0).instant
    }

    struct Node: Sendable {
        enum Role: Sendable {
            case down
            case standby(LeaseWatch)
            case leader(Leadership)
        }

        struct Leadership: Sendable {
            var hold: LeaseHold
            var mark: LeaseMark
            let term: Int
            /// The commit under way, and when it was begun.
            var begunAt: Instant?
        }

        var role = Role.down
        /// Counts its lives and roles: what a former one waited for doesn't reach the next.
        var life = 0
        /// The request whose answer is waited for.
        var awaited: Int?
        var stoppedUntil: Instant?
        var cutUntil: Instant?
        /// The row as an old server still shows it, which can't commit any more.
        var stale: Database.Row?
        /// The server that it is connected to.
        var server: Int?
        /// What its last look showed.
        var lastMark: LeaseMark?
        /// Since when nothing kept it from looking.
        var healthySince: Instant = at(0).instant
        let clockStart: Int64
        /// Its clock's pace, in parts of a thousand.
        let pace: Int64
        var wallOffset: Duration = .zero
    }

    enum Request: Sendable {
        case look(asked: Instant)
        case takeOver(LeaseMark, begunAt: Instant)
        case commit(LeaseMark, begunAt: Instant)
        /// Asks what became of a commit, and waits for one that is still going on.
        case settle(LeaseMark, begunAt: Instant, askedAt: Instant, isTakeover: Bool)
        case resign(LeaseMark)
    }

    enum Step: Sendable {
        case turn(Int, life: Int)
        case arrival(Int, id: Int, Request, server: Int)
        case execution(Int, id: Int, Request, server: Int)
        case answer(Int, id: Int, Request, Database.Row?)
        case deadline(Int, id: Int, Request)
        case question(Int, life: Int)
        case call(Int, life: Int, term: Int, askedAt: Instant)
        case fault
        case recovery
        case goBack
        case start(Int)
        case check
    }

    init(seed: UInt64, trouble: Trouble? = nil, mistake: Mistake? = nil) {
        var random = SplitMix64(seed: seed)
        var drawn = Trouble()
        for kind in Trouble.kinds { drawn[keyPath: kind] = Bool.random(using: &random) }
        self.trouble = trouble ?? drawn
        self.mistake = mistake
        let patiences = [6, 9, 12, 12, 20]
        patience = .seconds(patiences[Int.random(in: 0..<patiences.count, using: &random)])
        nodes = (0..<Int.random(in: 2...4, using: &random)).map { _ in
            Node(
                clockStart: Int64.random(in: 1...1_000_000_000_000_000, using: &random),
                pace: Int64.random(in: 995...1_005, using: &random)
            )
        }
        self.random = random
    }

    // MARK: - Time

    /// What a node's clock reads, which runs on while it is stopped.
    private func clock(_ node: Int) -> Instant {
        let elapsed = Self.start.duration(to: real).nanoseconds
        let (start, pace) = (nodes[node].clockStart, nodes[node].pace)
        return Instant(nanoseconds: start + elapsed / 1_000 * pace)
    }

    /// What a standby measures its patience by.
    private func watchClock(_ node: Int) -> Instant {
        let clock = clock(node)
        guard mistake == .patienceByWallClock else { return clock }
        return clock.advanced(by: nodes[node].wallOffset)
    }

    private mutating func draw(_ milliseconds: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: milliseconds, using: &random))
    }

    private mutating func chance(_ one: Int) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private mutating func schedule(_ step: Step, after delay: Duration) {
        agenda.add(step, at: real.advanced(by: delay))
    }

    private mutating func violated(_ text: String) {
        violations.append("\(text) at \(Self.start.duration(to: real))")
    }

    // MARK: - Life

    mutating func run() {
        for node in nodes.indices { schedule(.start(node), after: draw(0...2_000)) }
        schedule(.fault, after: .seconds(30))
        schedule(.check, after: .milliseconds(500))
        let end = Self.start.advanced(by: Self.length)
        while let (at, step) = agenda.next(), at < end {
            real = at
            take(step)
        }
    }

    private mutating func take(_ step: Step) {
        // Whatever a stopped process would do waits until it is woken.
        if let node = step.node, let until = nodes[node].stoppedUntil {
            if until > real { return agenda.add(step, at: until) }
            nodes[node].stoppedUntil = nil
        }
        switch step {
        case .turn(let node, let life): if nodes[node].life == life { turn(node) }
        case .arrival(let node, let id, let request, let server):
            arrive(node, id, request, server)
        case .execution(let node, let id, let request, let server):
            execute(node, id, request, server)
        case .answer(let node, let id, let request, let row):
            if nodes[node].awaited == id { hear(node, request, row) }
        case .deadline(let node, let id, let request):
            if nodes[node].awaited == id { missAnswer(node, request) }
        case .question(let node, let life): if nodes[node].life == life { ask(node) }
        case .call(let node, let life, let term, let askedAt):
            if nodes[node].life == life { call(node, term, askedAt) }
        case .fault: breakSomething()
        case .recovery: recover()
        case .goBack: goBack()
        case .start(let node): start(node)
        case .check: check()
        }
    }

    // MARK: - Nodes

    private mutating func start(_ node: Int) {
        begin(node, .standby(LeaseWatch(patience: patience)))
    }

    private mutating func begin(_ node: Int, _ role: Node.Role) {
        nodes[node].life += 1
        nodes[node].awaited = nil
        nodes[node].role = role
        nodes[node].healthySince = real
        let life = nodes[node].life
        schedule(.turn(node, life: life), after: .zero)
        if case .leader = role { schedule(.question(node, life: life), after: draw(1...300)) }
    }

    private mutating func stepDown(_ node: Int) {
        begin(node, .standby(LeaseWatch(patience: patience)))
    }

    /// A process ends; it starts again a little later.
    private mutating func leave(_ node: Int) {
        nodes[node].life += 1
        nodes[node].role = .down
        (nodes[node].awaited, nodes[node].server, nodes[node].stale) = (nil, nil, nil)
        schedule(.start(node), after: draw(500...30_000))
    }

    /// What a node does of its own accord: a standby looks, a leader commits.
    private mutating func turn(_ node: Int) {
        switch nodes[node].role {
        case .down: break
        case .standby: send(node, .look(asked: watchClock(node)))
        case .leader(var leadership):
            if trouble.hasResigning, chance(500) {
                // Nothing of it goes out any more.
                let mark = leadership.mark
                nodes[node].life += 1
                return send(node, .resign(mark))
            }
            leadership.begunAt = clock(node)
            nodes[node].role = .leader(leadership)
            send(node, .commit(leadership.mark, begunAt: clock(node)))
        }
    }

    private mutating func again(_ node: Int, after delay: Duration) {
        schedule(.turn(node, life: nodes[node].life), after: delay)
    }

    private mutating func hear(_ node: Int, _ request: Request, _ row: Database.Row?) {
        nodes[node].awaited = nil
        switch (request, nodes[node].role) {
        case (.look(let asked), .standby(var watch)):
            guard let row else { return }
            let decision = watch.saw(row.mark, asked: asked, answered: watchClock(node))
            nodes[node].role = .standby(watch)
            // Whoever holds it and runs anew, or gave it up, sends nothing any more.
            let isFree = row.holder == nil || row.holder == node
            if isFree { return takeOver(node, row.mark) }
            if case .takeOver(let mark) = decision { return takeOver(node, mark) }
            again(node, after: Self.pause)
        case (.takeOver(let mark, let begunAt), .standby):
            guard let row else { return again(node, after: Self.pause) }
            lead(node, row.term, after: mark, begunAt)
        case (.settle(let mark, let begunAt, _, true), .standby):
            guard let row, row.holder == node, row.mark == mark.takenOver else {
                return again(node, after: Self.pause)
            }
            lead(node, row.term, after: mark, begunAt)
        case (.commit(_, let begunAt), .leader):
            guard row != nil else { return stepDown(node) }
            committed(node, begunAt)
        case (.settle(let mark, let begunAt, let askedAt, false), .leader):
            guard let row, row.mark.epoch == mark.epoch else { return stepDown(node) }
            if row.mark.beat == mark.beat + 1 {
                committed(node, mistake == .provenBySettling ? askedAt : begunAt)
            } else if row.mark.beat == mark.beat {
                again(node, after: .zero)
            } else {
                stepDown(node)
            }
        case (.resign, _): leave(node)
        default: break
        }
    }

    private mutating func missAnswer(_ node: Int, _ request: Request) {
        nodes[node].awaited = nil
        // The nodes look at all servers then, and take the one that is ahead.
        if nodes[node].stale != nil { (nodes[node].stale, nodes[node].server) = (nil, nil) }
        nodes[node].healthySince = max(nodes[node].healthySince, real)
        switch (request, nodes[node].role) {
        case (.look(let asked), .standby(var watch)):
            if mistake == .silenceWhileAway, let mark = nodes[node].lastMark {
                let decision = watch.saw(mark, asked: asked, answered: watchClock(node))
                nodes[node].role = .standby(watch)
                if case .takeOver(let mark) = decision { return takeOver(node, mark) }
            } else {
                watch.sawNothing()
                nodes[node].role = .standby(watch)
            }
            again(node, after: Self.pause)
        case (.takeOver(let mark, let begunAt), .standby):
            figures.doubts += 1
            settle(node, mark, begunAt, isTakeover: true)
        case (.commit(let mark, let begunAt), .leader):
            figures.doubts += 1
            if mistake == .doubtTakenAsMade {
                committed(node, begunAt)
            } else {
                settle(node, mark, begunAt, isTakeover: false)
            }
        case (.settle(let mark, let begunAt, _, let isTakeover), _):
            settle(node, mark, begunAt, isTakeover: isTakeover)
        case (.resign, _): leave(node)
        default: break
        }
    }

    private mutating func settle(
        _ node: Int,
        _ mark: LeaseMark,
        _ begunAt: Instant,
        isTakeover: Bool
    ) {
        let askedAt = clock(node)
        send(
            node,
            .settle(mark, begunAt: begunAt, askedAt: askedAt, isTakeover: isTakeover)
        )
    }

    private mutating func takeOver(_ node: Int, _ mark: LeaseMark) {
        send(node, .takeOver(mark, begunAt: clock(node)))
    }

    private mutating func lead(
        _ node: Int,
        _ term: Int,
        after mark: LeaseMark,
        _ begunAt: Instant
    ) {
        let isMarginless = mistake == .noMargin
        let hold = LeaseHold(
            patience: isMarginless ? patience + LeaseHold.margin : patience,
            provenAt: begunAt
        )
        begin(node, .leader(.init(hold: hold, mark: mark.takenOver, term: term)))
    }

    private mutating func committed(_ node: Int, _ begunAt: Instant) {
        guard case .leader(var leadership) = nodes[node].role else { return }
        leadership.mark.beat += 1
        leadership.begunAt = nil
        leadership.hold.committed(begunAt: mistake == .provenAtEnd ? clock(node) : begunAt)
        nodes[node].role = .leader(leadership)
        let isBusy = chance(2)
        let wait = clock(node).duration(to: leadership.hold.beatDue)
        again(node, after: isBusy ? draw(1...500) : max(.zero, wait))
    }

    /// A call is about to go out: asks the fence, and writes a little later.
    private mutating func ask(_ node: Int) {
        guard case .leader(let leadership) = nodes[node].role else { return }
        if mistake == .unfenced || leadership.hold.allowsCall(at: clock(node)) {
            let pause = chance(10) ? draw(1...2_500) : draw(0...5)
            let life = nodes[node].life
            schedule(
                .call(node, life: life, term: leadership.term, askedAt: real),
                after: pause
            )
        } else {
            figures.refusedCalls += 1
        }
        schedule(.question(node, life: nodes[node].life), after: draw(50...400))
    }

    private mutating func call(_ node: Int, _ term: Int, _ askedAt: Instant) {
        if askedAt.duration(to: real) > .milliseconds(2_600) {
            figures.stoppedCalls += 1
            return
        }
        figures.calls += 1
        guard term != database.row.term else { return }
        // A leadership that the database has forgotten can't be told so at once.
        if let lostAt = lost[term], lostAt.duration(to: real) < patience { return }
        violated("node \(node) calls and another leads")
    }

    // MARK: - The database

    private mutating func send(_ node: Int, _ request: Request) {
        requests += 1
        nodes[node].awaited = requests
        schedule(.deadline(node, id: requests, request), after: Self.deadline)
        connect(node)
        let isLate = trouble.hasSlowCommits && chance(50)
        let delay = isLate ? draw(100...8_000) : draw(0...40)
        if isLate { nodes[node].healthySince = real.advanced(by: delay) }
        schedule(
            .arrival(node, id: requests, request, server: database.serverCount),
            after: delay
        )
    }

    /// A new connection may lead to a server that has less.
    private mutating func connect(_ node: Int) {
        guard nodes[node].server != database.serverCount, nodes[node].stale == nil else { return }
        nodes[node].server = database.serverCount
        guard case .standby(var watch) = nodes[node].role else { return }
        watch.sawNothing()
        nodes[node].role = .standby(watch)
        nodes[node].healthySince = max(nodes[node].healthySince, real)
    }

    private func isReachable(_ node: Int) -> Bool {
        database.isUp && (nodes[node].cutUntil.map { $0 <= real } ?? true)
    }

    private mutating func arrive(_ node: Int, _ id: Int, _ request: Request, _ server: Int) {
        if let stale = nodes[node].stale {
            // Its commits wait for a copy that isn't there any more.
            if case .look = request { answer(node, id, request, stale) }
            return
        }
        guard isReachable(node), server == database.serverCount else { return }
        if case .look = request { return answer(node, id, request, database.row) }
        var duration = draw(1...30)
        if trouble.hasSlowCommits, chance(20) {
            duration = draw(100...8_000)
        }
        // The row's lock: one at a time, in the order of their arrival.
        let from = max(real, database.freeAt)
        database.freeAt = from.advanced(by: duration)
        if database.freeAt > real.advanced(by: .milliseconds(200)) { obstacleAt = database.freeAt }
        agenda.add(.execution(node, id: id, request, server: server), at: database.freeAt)
    }

    /// A commit is made, or finds that it may not be, whether or not somebody waits for its answer.
    private mutating func execute(_ node: Int, _ id: Int, _ request: Request, _ server: Int) {
        guard database.isUp, server == database.serverCount else { return }
        var found: Database.Row? = database.row
        switch request {
        case .look: break
        case .takeOver(let seen, _):
            let isSame =
                mistake == .blindTakeover
                ? database.row.mark.epoch == seen.epoch : database.row.mark == seen
            guard isSame else {
                found = nil
                break
            }
            judgeTakeover(by: node)
            terms += 1
            write(.init(mark: seen.takenOver, holder: node, term: terms))
            found = database.row
        case .commit(let mark, _):
            guard database.row.mark == mark else {
                found = nil
                break
            }
            var row = database.row
            row.mark.beat += 1
            write(row)
            found = row
        case .settle: break
        case .resign(let mark):
            guard database.row.mark == mark else { break }
            var row = database.row
            row.mark.beat += 1
            row.holder = nil
            write(row)
        }
        answer(node, id, request, found)
    }

    private mutating func write(_ row: Database.Row) {
        database.row = row
        obstacleAt = max(obstacleAt, real)
    }

    private mutating func answer(
        _ node: Int,
        _ id: Int,
        _ request: Request,
        _ row: Database.Row?
    ) {
        let isCut = !isReachable(node) && nodes[node].stale == nil
        let isLost = trouble.hasLostAnswers && chance(100)
        guard !isCut, !isLost else {
            nodes[node].healthySince = real.advanced(by: Self.deadline)
            return
        }
        if case .look = request, let row { nodes[node].lastMark = row.mark }
        schedule(.answer(node, id: id, request, row), after: draw(0...40))
    }

    // MARK: - Trouble

    private mutating func breakSomething() {
        schedule(.fault, after: draw(500...20_000))
        let node = Int.random(in: 0..<nodes.count, using: &random)
        nodes[node].wallOffset += .seconds(Int.random(in: -3_600...3_600, using: &random))
        let kind = Trouble.kinds[Int.random(in: 0..<Trouble.kinds.count, using: &random)]
        guard trouble[keyPath: kind] else { return }
        let length = draw(200...30_000)
        switch kind {
        case \.hasOutages where database.isUp:
            figures.outages += 1
            database.isUp = false
            database.serverCount += 1
            database.freeAt = real
            schedule(.recovery, after: length)
        case \.hasCuts:
            nodes[node].cutUntil = real.advanced(by: length)
            nodes[node].healthySince = real.advanced(by: length)
        case \.hasStops:
            nodes[node].stoppedUntil = real.advanced(by: length)
            nodes[node].healthySince = real.advanced(by: length)
        case \.hasDeaths:
            if case .down = nodes[node].role { return }
            nodes[node].stoppedUntil = nil
            leave(node)
        case \.hasStaleServers where database.isUp:
            // Another server is promoted; this node stays with the old one.
            nodes[node].stale = database.row
            database.serverCount += 1
            database.freeAt = real
            nodes[node].healthySince = real
        case \.hasGoingBack where snapshot == nil:
            snapshot = database.row
            schedule(.goBack, after: draw(100...20_000))
        default: break
        }
    }

    private mutating func recover() {
        database.isUp = true
        database.freeAt = real
        obstacleAt = max(obstacleAt, real)
        for node in nodes.indices { nodes[node].healthySince = max(nodes[node].healthySince, real) }
    }

    /// Another server takes over that lacks the last commits.
    private mutating func goBack() {
        defer { snapshot = nil }
        guard let snapshot, database.isUp else { return }
        figures.wentBack += 1
        if terms > snapshot.term {
            for term in snapshot.term + 1...terms where lost[term] == nil { lost[term] = real }
        }
        database.row = snapshot
        database.isUp = false
        database.serverCount += 1
        schedule(.recovery, after: draw(100...10_000))
    }

    // MARK: - Judging

    private mutating func judgeTakeover(by node: Int) {
        figures.takeovers += 1
        for other in nodes.indices where other != node {
            guard case .leader(let leadership) = nodes[other].role,
                leadership.term == database.row.term, database.row.holder == other
            else { continue }
            let silence = leadership.hold.provenAt.duration(to: clock(other))
            // By its own clock, which may go a little slower.
            if silence < patience * 98 / 100 {
                violated("node \(node) takes over after \(silence) from node \(other)")
            }
        }
    }

    /// Whoever could take over must have done so.
    private mutating func check() {
        schedule(.check, after: .milliseconds(500))
        guard database.isUp else { return }
        for node in nodes.indices {
            guard case .standby = nodes[node].role, nodes[node].stale == nil else { continue }
            let since = max(obstacleAt, nodes[node].healthySince)
            if since.duration(to: real) > patience + .seconds(5) {
                violated("nobody leads, and node \(node) stands by")
                obstacleAt = real
            }
        }
    }
}

extension LeaseMark {
    /// The mark of whoever takes over from this one.
    fileprivate var takenOver: LeaseMark { LeaseMark(epoch: epoch + 1, beat: beat + 1) }
}

extension LeaseWorld.Step {
    /// The process that takes the step; nil for what happens outside of it.
    fileprivate var node: Int? {
        switch self {
        case .turn(let node, _), .answer(let node, _, _, _), .deadline(let node, _, _),
            .question(let node, _), .call(let node, _, _, _):
            node
        case .arrival, .execution, .fault, .recovery, .goBack, .start, .check: nil
        }
    }
}
