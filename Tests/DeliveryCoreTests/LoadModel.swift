import DeliveryCore
import TestSupport

/// A dispatcher with any number of campaigns, a queue in memory and a provider that answers all.
///
/// Whenever a campaign has ended another one comes, so that as many are live as at first.
struct LoadModel {
    private(set) var dispatcher: Dispatcher
    private(set) var now = at(0)
    private(set) var events = 0
    /// Recipients whose call was made.
    private(set) var served = 0

    private var agenda = Agenda<Dispatcher.Event>()
    private var queue = QueueModel()
    private var random: SplitMix64
    private var campaignCount = 0

    /// What a campaign of the load does while it is live.
    enum Kind: CaseIterable {
        /// One recipient that nobody was called for.
        case running
        /// Its retries fall due later.
        case backingOff
        /// More recipients than its own cap lets go.
        case capped
        case scheduled
        case paused
    }

    /// A load of so many campaigns: half of them run, the others are of every kind in turn.
    init(_ count: Int, limits: Limits = Limits(), seed: UInt64 = 1) {
        dispatcher = Dispatcher(limits: limits, fingerprint: "f", seed: seed, now: at(0))
        random = SplitMix64(seed: seed)
        let works = (0..<count).map { index in
            let kinds = Kind.allCases
            return makeWork(index % 2 == 0 ? .running : kinds[index / 2 % kinds.count])
        }
        take(dispatcher.handle(.restored(Restored(campaigns: works)), now: now))
    }

    /// Takes the next event.
    mutating func step() {
        guard let (instant, event) = agenda.next() else { return }
        let passed = at(0).instant.duration(to: instant)
        now = Now(instant: instant, timestamp: at(0).timestamp.advanced(by: passed))
        tell(event)
    }

    mutating func tell(_ event: Dispatcher.Event) {
        events += 1
        take(dispatcher.handle(event, now: now))
    }

    private mutating func makeWork(_ kind: Kind) -> CampaignWork {
        campaignCount += 1
        let number = UInt64(campaignCount)
        let later = now.timestamp.advanced(by: .seconds(Int.random(in: 5...600, using: &random)))
        let work =
            switch kind {
            case .running: TestSupport.makeWork(number, expiresAt: nil, fresh: 1)
            case .backingOff: TestSupport.makeWork(number, retries: 3, retryDueAt: later)
            case .capped: TestSupport.makeWork(number, cap: 1, fresh: 100)
            case .scheduled:
                TestSupport.makeWork(number, state: .scheduled, startAt: later, fresh: 1)
            case .paused: TestSupport.makeWork(number, state: .paused, fresh: 3)
            }
        queue.works[work.id] = work
        return work
    }

    // MARK: - The world

    private mutating func take(_ effects: [Dispatcher.Effect]) {
        for effect in effects {
            switch effect {
            case .commit(let writes):
                let results = writes.map { queue.perform($0) }
                schedule(.committed(results), after: .milliseconds(3))
            case .check, .jobCall: break
            case .call(let batch):
                served += batch.accounts.count
                let answer = Outcome.answered(messageKey: nil, refused: [])
                schedule(.answered(batch.id, answer), after: .milliseconds(30))
            case .wake(let instant): agenda.add(.woke, at: instant)
            case .report(.campaign(_, let state, _)) where state.isFinal:
                schedule(.admitted(makeWork(.running)), after: .milliseconds(1))
            case .reply, .report, .renewCredentials, .stopped: break
            }
        }
    }

    private mutating func schedule(_ event: Dispatcher.Event, after delay: Duration) {
        agenda.add(event, at: now.instant.advanced(by: delay))
    }
}
