import DeliveryCore

/// What clients and operators were told, which must hold from then on, through crashes too.
struct Promises: Sendable {
    private(set) var violations: [String] = []
    /// Where each campaign stands by the last commit.
    private var states: [Campaign.ID: Campaign.State] = [:]
    private(set) var deleted: Set<Campaign.ID> = []
    /// Accounts that reached the store, and those of them whose sender was told so.
    private var offered: [Campaign.ID: Set<Account>] = [:]
    private var accepted: [Campaign.ID: Set<Account>] = [:]

    private var awaited: [Int: Question] = [:]
    private var last = Last.nothing
    /// An operator was told that all sending is paused.
    private var isPaused = false
    /// The provider refused the credentials: nothing goes out until an operator says so.
    private var isHalted = false
    private var isHaltDurable = false

    enum Question: Sendable, Hashable {
        case change(Write)
        case pause(Bool)
    }

    /// What the dispatcher hears at the moment.
    private enum Last: Sendable {
        case nothing
        case committed([(write: Write, result: WriteResult)])
        case failed
    }

    private mutating func violated(_ text: String) { violations.append(text) }

    // MARK: Recipients

    mutating func created(_ campaign: Campaign, _ accounts: [Account]) {
        states[campaign.id] = campaign.state
        offered(accounts, to: campaign.id)
        accepted(accounts, by: campaign.id)
    }

    mutating func offered(_ accounts: [Account], to id: Campaign.ID) {
        offered[id, default: []].formUnion(accounts)
    }

    mutating func accepted(_ accounts: [Account], by id: Campaign.ID) {
        accepted[id, default: []].formUnion(accounts)
    }

    /// Those that were named for a campaign, in the order of their bytes.
    func accounts(of id: Campaign.ID) -> [Account] { (offered[id] ?? []).sorted() }

    mutating func took(_ taken: Int, in id: Campaign.ID) {
        let offered = offered[id]?.count ?? 0
        if taken != offered { violated("an intake says \(taken) in all, \(offered) came") }
    }

    /// Checks that a campaign has those recipients that it must have.
    mutating func check(_ id: Campaign.ID, _ recipients: [Recipient]) {
        let accounts = Set(recipients.map(\.account))
        if deleted.contains(id) { violated("a deleted campaign is there again") }
        if accounts.count != recipients.count { violated("a recipient is there twice") }
        if !accounts.isSubset(of: offered[id] ?? []) { violated("a recipient nobody named") }
        let lost = (accepted[id] ?? []).subtracting(accounts)
        if !lost.isEmpty { violated("\(lost.count) recipients that were taken in are lost") }
    }

    // MARK: Commits

    mutating func committed(_ pairs: [(write: Write, result: WriteResult)]) {
        for (write, result) in pairs {
            switch (write, result) {
            case (.service(let record), _): isHaltDurable = record.halt != nil
            case (.delete(let id), .changed(.success)):
                if states[id] == nil { violated("a campaign is deleted twice") }
                states[id] = nil
                deleted.insert(id)
            case (.sweep(let sweep), .swept(let result)): retired(result.retired, by: sweep)
            case (_, .claimed(_, let work?)), (_, .recorded(let work?, _)):
                moved(work.id, to: work.state, by: write)
            case (_, .changed(.success(let change))):
                moved(change.work.id, to: change.work.state, by: write)
            case (.stepJob, .stepped(let result)):
                if let work = result.work { moved(work.id, to: work.state, by: write) }
            case (_, .claimed), (_, .recorded), (_, .changed), (_, .done), (_, .stepped): break
            case (_, .failed(let failure)): violated("\(write) failed: \(failure.text)")
            case (_, .swept): violated("a sweep that nobody asked for")
            }
        }
    }

    private mutating func retired(_ ids: [Campaign.ID], by sweep: Write.Sweep) {
        if !ids.isEmpty, sweep.untouchedSince == nil { violated("what is kept is removed") }
        for id in ids {
            let state = states.removeValue(forKey: id)
            if state?.isFinal != true, state != .draft {
                violated("a campaign is removed as \(state.map(\.rawValue) ?? "nothing")")
            }
            deleted.insert(id)
        }
    }

    private mutating func moved(_ id: Campaign.ID, to state: Campaign.State, by write: Write) {
        defer { states[id] = state }
        guard let before = states[id] else { return violated("a campaign nobody made: \(write)") }
        guard before != state else { return }
        let isAsked =
            switch write {
            case .retry: before.isFinal && state == .running
            case .transition, .patch: !before.isFinal
            case .record, .stepJob: (before == .running || before.isLive) && state == .completed
            // The last ones were on the suppression list.
            case .claim, .reclaim: before == .running && state == .completed
            case .delete, .service, .sweep, .close, .startJob, .stopJob, .event: false
            }
        if !isAsked { violated("\(before) became \(state) by \(write)") }
        if before == .paused, state == .running || state == .scheduled {
            if write != .transition(id, .resume) { violated("paused became \(state) by \(write)") }
        }
    }

    /// What a start must find.
    mutating func restored(_ restored: Restored) {
        // Those that have ended are among them while a call of theirs is open to doubt.
        let going = restored.campaigns.filter { !$0.state.isFinal }
        let found = Dictionary(uniqueKeysWithValues: going.map { ($0.id, $0.state) })
        let expected = states.filter { !$0.value.isFinal && $0.value != .draft }
        if found != expected { violated("a start finds \(found), \(expected) were written") }
        if isPaused, !restored.service.isPaused { violated("a start forgets the pause") }
    }

    // MARK: Questions and replies

    mutating func asked(_ id: Int, _ question: Question) {
        awaited[id] = question
        if question == .pause(false) { (isPaused, isHalted) = (false, false) }
    }

    mutating func hears(_ event: Dispatcher.Event, _ pairs: [(write: Write, result: WriteResult)]) {
        switch event {
        case .committed: last = .committed(pairs)
        case .commitFailed: last = .failed
        case .answered(_, .refused(.credentials, _, _)):
            isHalted = true
            last = .nothing
        default: last = .nothing
        }
    }

    mutating func replied(_ id: Int, _ reply: Dispatcher.Reply) {
        guard let question = awaited.removeValue(forKey: id) else {
            return violated("a question is answered that nobody asked")
        }
        switch (question, reply, last) {
        case (_, .failed, .failed): break
        case (.change(let write), .changed(let change), .committed(let pairs)):
            let result = WriteResult.changed(.success(change))
            if !pairs.contains(where: { $0.write.isStep(of: write) && $0.result == result }) {
                violated("an operator is told of \(write) what isn't so")
            }
            if change.next != nil { violated("an operator is told of \(write) half way") }
        case (.change(let write), .refused(let refusal), .committed(let pairs)):
            let result = WriteResult.changed(.failure(refusal))
            if !pairs.contains(where: { $0.write.isStep(of: write) && $0.result == result }) {
                violated("an operator is refused \(write) that wasn't")
            }
        case (.pause(let isOn), .done, .committed(let pairs)):
            let isWritten = pairs.contains { pair in
                if case .service = pair.write { true } else { false }
            }
            if !isWritten { violated("a pause is acknowledged and not written") }
            if isOn, !awaited.values.contains(.pause(false)) { isPaused = true }
        default: violated("\(question) is answered with \(reply)")
        }
    }

    /// A call goes out: only what was claimed in this very commit, and nothing in a pause.
    mutating func called(_ batch: Batch, now: Now) {
        guard case .committed(let pairs) = last,
            let work = pairs.lazy.compactMap({ $0.result.claim(of: batch) }).first
        else { return violated("a call goes out that isn't claimed") }
        if isPaused { violated("a call goes out in a pause") }
        if isHalted { violated("a call goes out with refused credentials") }
        if deleted.contains(batch.campaign) { violated("a deleted campaign sends") }
        if work.state != .running { violated("a campaign sends that is \(work.state)") }
        guard let hours = work.settings.sendBetween else { return }
        let period = SendingCalendar(World.zones).period(of: hours, at: now.timestamp)
        if !period.isOpen { violated("a call goes out outside its hours, \(hours)") }
    }

    /// A job's call goes out: none in a pause, and none with refused credentials.
    mutating func asked(_ call: JobCall) {
        if isPaused { violated("a job's call goes out in a pause") }
        if isHalted { violated("a job's call goes out with refused credentials") }
    }

    mutating func crashed() {
        awaited = [:]
        last = .nothing
        isHalted = isHaltDurable
    }

    /// The database went back to what it was when these promises were earlier ones.
    mutating func wentBack(to earlier: Promises) {
        var back = earlier
        back.violations = violations
        self = back
        crashed()
    }

    /// Nothing is left to do: nobody may wait for an answer.
    mutating func ended() {
        if !awaited.isEmpty { violated("\(awaited.count) operators wait for ever") }
    }
}

extension Campaign.State {
    /// Whether calls of it may be out that were made before it was stopped.
    fileprivate var isLive: Bool { self == .paused || self == .halted }
}

extension Write {
    /// Whether this is what an operator asked for, or a later step of it.
    fileprivate func isStep(of asked: Write) -> Bool {
        guard case .retry(let id, let filter, after: _) = self else { return self == asked }
        return .retry(id, filter) == asked
    }
}

extension WriteResult {
    fileprivate func claim(of batch: Batch) -> CampaignWork? {
        guard case .claimed(batch, let work) = self else { return nil }
        return work
    }
}
