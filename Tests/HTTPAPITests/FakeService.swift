import DeliveryCore
import DeliveryEngine
import FoundationEssentials
import HTTPAPI
import JSON
import Logging
import Platform
import Synchronization
import TencentIM
import Testing

/// An in-memory model of the three ports.
final class FakeService: Campaigns, Deliveries, MessageRules {
    struct State {
        var campaigns: [Campaign.ID: Campaign] = [:]
        var recipients: [Campaign.ID: [Account: Recipient]] = [:]
        var openIntakes: [Campaign.ID: Int] = [:]
        var admitted: [CampaignWork] = []
        var changes: [CampaignChange] = []
        var runSizes: [Int] = []
        var quota = QuotaStatus(
            messagesPerMinute: 12_000,
            windowUsed: 500,
            nextCallAt: start,
            callsPerSecond: 200,
            state: .running,
            window: QuotaWindow(held: 500, unanswered: 500, room: 11_470, releases: []),
            inFlight: 1
        )
        var traffic: [TrafficStep] = []
        var trafficQuestions: [TrafficQuestion] = []
        var explanation = Explanation(isMoving: false, lastCallAt: nil, causes: [])
        var answers: [KeyedRequest.Key: KeyedAnswer] = [:]
        /// Runs in the middle of a creation.
        var beforeCreation: (@Sendable () async -> Void)?
        var queueError: QueueError?
        /// The failure of every page but the first.
        var laterPageError: QueueError?
        /// Whether a campaign is gone when its second page is asked for.
        var isDeletedByLaterPage = false
        var changeError: ChangeError?
        /// Matches in one page of the store at most.
        var pageLimit = Int.max
        /// Campaigns in one page of the store at most.
        var campaignPageLimit = Int.max
        /// Makes every page full, with one more behind it, whoever is in the campaign.
        var isEndless = false
        var pageCount = 0
        /// How often one campaign was asked for.
        var readCount = 0
        /// The names of the threads on which work over a body was done.
        var threads: [String] = []
        /// Hears when a stream into a campaign begins or ends.
        var onIntake: (@Sendable () -> Void)?
        /// Ends every run as if the store had failed behind it.
        var faultAfterRun: QueueError?
        /// How many runs of a stream can be spilled; nil if each is stored as it comes.
        var spillRoom: Int?
    }

    /// What was asked of the traffic.
    struct TrafficQuestion: Hashable {
        let since: Timestamp
        let length: TrafficStep.Length
    }

    let state = Mutex(State())
    /// The dispatcher's figures for running jobs, which are asked for in the middle of a creation.
    let jobProgress = Mutex<[Job.Kind: JobProgress]>([:])
    let changes = ChangeFeed()

    /// The streams that are open.
    var openIntakeCount: Int { state.withLock { $0.openIntakes.values.reduce(0, +) } }

    static let start = Timestamp(milliseconds: 1_762_824_600_000)

    func create(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created {
        noteThread()
        let interruption = state.withLock { $0.beforeCreation }
        await interruption?()
        try check()
        return state.withLock { state in
            var stored = Campaign(
                id: campaign.id,
                name: campaign.name,
                state: campaign.start ? .running : .draft,
                settings: campaign.settings,
                createdAt: now.timestamp,
                startedAt: campaign.start ? now.timestamp : nil,
                message: campaign.message
            )
            state.campaigns[campaign.id] = stored
            _ = Self.add(campaign.recipients, to: campaign.id, &state, now)
            stored = state.campaigns[campaign.id] ?? stored
            let answer = request?.answer(stored)
            if let request, let answer {
                state.answers[request.key] = KeyedAnswer(
                    campaign: stored.id,
                    digest: request.digest,
                    body: answer
                )
            }
            return Created(
                campaign: stored,
                work: campaign.start ? makeWork(campaign.id, campaign.settings) : nil,
                answer: answer
            )
        }
    }

    func answer(
        to key: KeyedRequest.Key,
        now: Timestamp
    ) async throws(QueueError) -> KeyedAnswer? {
        state.withLock { $0.answers[key] }
    }

    private func check() throws(QueueError) {
        if let error = state.withLock({ $0.queueError }) { throw error }
    }

    private static func add(
        _ run: AccountRun,
        to id: Campaign.ID,
        _ state: inout State,
        _ now: Now
    ) -> Taken {
        var taken = Taken(accepted: 0, duplicates: 0, total: 0)
        for index in 0..<run.count {
            let account = run[index]
            let recipient = Recipient(
                account: account,
                status: .queued,
                updatedAt: now.timestamp
            )
            if state.recipients[id, default: [:]].updateValue(recipient, forKey: account) == nil {
                taken.accepted += 1
            } else {
                taken.duplicates += 1
            }
        }
        taken.total = state.recipients[id]?.count ?? 0
        state.campaigns[id]?.counts.queued = taken.total
        return taken
    }

    func openIntake(_ id: Campaign.ID) async throws(IntakeError) {
        let end = state.withLock { state -> Result<Void, IntakeError> in
            guard let campaign = state.campaigns[id] else { return .failure(.notFound) }
            guard campaign.state == .draft else {
                return .failure(.wrongState(campaign.state))
            }
            if let job = campaign.runningJob { return .failure(.jobRunning(job)) }
            state.openIntakes[id, default: 0] += 1
            return .success(())
        }
        try end.get()
        state.withLock { $0.onIntake }?()
    }

    func take(
        _ run: AccountRun,
        into id: Campaign.ID,
        now: Now
    ) async throws(IntakeError) -> Taken {
        noteThread()
        do {
            try check()
        } catch {
            throw .queue(error)
        }
        return state.withLock { state in
            state.runSizes.append(run.count)
            var taken = Self.add(run, to: id, &state, now)
            taken.fault = state.faultAfterRun
            return taken
        }
    }

    func spilledRuns(into id: Campaign.ID) async -> (any SpilledRuns)? {
        state.withLock { $0.spillRoom }.map { FakeSpill(room: $0, service: self, campaign: id) }
    }

    func closeIntake(_ id: Campaign.ID) async {
        state.withLock { $0.openIntakes[id, default: 0] -= 1 }
        state.withLock { $0.onIntake }?()
    }

    func campaign(_ id: Campaign.ID) async throws(QueueError) -> Campaign? {
        state.withLock { state in
            state.readCount += 1
            return state.campaigns[id]
        }
    }

    func campaigns(
        matching filter: CampaignFilter,
        before: Campaign.ID?,
        limit: Int
    ) async throws(QueueError) -> CampaignPage {
        state.withLock { state in
            let found = state.campaigns.values
                .filter { filter.states.isEmpty || filter.states.contains($0.state) }
                .filter { campaign in
                    let name = filter.name.lowercased()
                    return name.isEmpty || campaign.name.lowercased().contains(name)
                }
                .filter { campaign in before.map { campaign.id < $0 } ?? true }
                .sorted { $0.id > $1.id }
            let page = Array(found.prefix(min(limit, state.campaignPageLimit)))
            return CampaignPage(
                campaigns: page,
                next: page.count < found.count ? page.last?.id : nil
            )
        }
    }

    func takesIn(_ id: Campaign.ID) async -> Bool {
        state.withLock { $0.openIntakes[id, default: 0] > 0 }
    }

    func totals() async throws(QueueError) -> [Campaign.State: Int] {
        state.withLock { state in
            Dictionary(grouping: state.campaigns.values, by: \.state).mapValues(\.count)
        }
    }

    func traffic(
        since start: Timestamp,
        per length: TrafficStep.Length
    ) async throws(QueueError) -> [TrafficStep] {
        state.withLock { state in
            state.trafficQuestions.append(.init(since: start, length: length))
            return state.traffic.filter { $0.start >= start }
        }
    }

    func recipient(
        _ account: Account,
        of id: Campaign.ID
    ) async throws(QueueError) -> Recipient? {
        state.withLock { $0.recipients[id]?[account] }
    }

    func recipients(
        of id: Campaign.ID,
        matching filter: RecipientFilter,
        after: Account?,
        limit: Int
    ) async throws(QueueError) -> RecipientPage {
        if let page = state.withLock({ $0.endlessPage(limit: limit) }) { return page }
        if after != nil, let error = state.withLock({ $0.laterPageError }) { throw error }
        return state.withLock { state in
            if after != nil, state.isDeletedByLaterPage {
                state.campaigns[id] = nil
                state.recipients[id] = nil
            }
            let found = (state.recipients[id] ?? [:]).values
                .filter { filter.statuses.isEmpty || filter.statuses.contains($0.status) }
                .filter { filter.codes.isEmpty || filter.codes.contains($0.code ?? -1) }
                .filter { recipient in
                    filter.recalls.isEmpty || recipient.recall.map(filter.recalls.contains) ?? false
                }
                .filter { recipient in after.map { $0 < recipient.account } ?? true }
                .sorted { $0.account < $1.account }
            let page = Array(found.prefix(min(limit, state.pageLimit)))
            return RecipientPage(
                recipients: page,
                next: page.count < found.count ? page.last?.account : nil
            )
        }
    }

    func admit(_ work: CampaignWork) { state.withLock { $0.admitted.append(work) } }

    func change(
        _ id: Campaign.ID,
        _ change: CampaignChange
    ) async throws(ChangeError) -> WriteResult.Change {
        let end = state.withLock { state -> Result<WriteResult.Change, ChangeError> in
            state.changes.append(change)
            if let error = state.changeError { return .failure(error) }
            guard var campaign = state.campaigns[id] else {
                return .failure(.refused(.notFound))
            }
            if case .transition(let transition) = change {
                switch campaign.state.step(transition, startsLater: false) {
                case .to(let next): campaign.state = next
                case .stays: break
                case .refused: return .failure(.refused(.wrongState(campaign.state)))
                }
            }
            do throws(ChangeRefusal) {
                try campaign.changeJob(change)
            } catch {
                return .failure(.refused(error))
            }
            state.campaigns[id] = campaign
            let work = makeWork(id, campaign.settings)
            return .success(.init(campaign: campaign, work: work, requeued: 7))
        }
        return try end.get()
    }

    func setPaused(_ isPaused: Bool) async throws(ChangeError) {
        let error = state.withLock { state in
            state.quota.state = isPaused ? .paused : .running
            return state.changeError
        }
        if let error { throw error }
    }

    func quota() -> QuotaStatus { state.withLock { $0.quota } }

    func progress(of campaign: Campaign) -> CampaignProgress {
        CampaignProgress(messagesLastMinute: 3, eta: nil, jobs: jobProgress.withLock { $0 })
    }

    func explain(_ campaign: Campaign, takesIn: Bool) -> Explanation {
        var explanation = state.withLock { $0.explanation }
        if takesIn { explanation.causes.append(.init(.intakeOpen, "a stream is open")) }
        return explanation
    }

    func explain() -> Explanation { state.withLock { $0.explanation } }

    func mayPass(code: Int) -> Bool { code == 70_169 }

    /// A message is good here if it has no member `bad`.
    func check(
        _ message: JSON,
        in text: [UInt8],
        packetLimit: Int
    ) -> Result<CheckedMessage, MessageFaults> {
        noteThread()
        let json = Array(text[message.range])
        let text = String(decoding: json, as: UTF8.self)
        guard !text.contains("\"bad\"") else {
            return .failure(
                MessageFaults([
                    .init(pointer: "/bad", detail: "is bad"),
                    .init(pointer: "/MsgBody/0", detail: "is worse"),
                ])
            )
        }
        return .success(CheckedMessage(json: json, packetOverhead: json.count + 50))
    }

    private func noteThread() {
        let name: String
        do {
            name = try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        } catch {
            name = "\(error)"
        }
        state.withLock { $0.threads.append(name) }
    }

    var accounts: any AccountRules { UserIDs() }
    var content: String { "the fields of batchsendmsg" }

    func leavesHistory(_ message: CheckedMessage) -> Bool {
        MessageTemplate().leavesHistory(message)
    }

    func describe(code: Int) -> String? { code == 70_107 ? "no such account" : nil }
}

extension FakeService.State {
    fileprivate mutating func endlessPage(limit: Int) -> RecipientPage? {
        guard isEndless else { return nil }
        pageCount += 1
        let account = Account(checked: Array("somebody".utf8))
        let recipient = Recipient(account: account, status: .queued, updatedAt: FakeService.start)
        return RecipientPage(
            recipients: Array(repeating: recipient, count: limit),
            next: account
        )
    }
}

extension Campaign {
    var runningJob: Job.Kind? { jobs.first { $0.state == .running }?.kind }

    /// Starts or stops a job; anything else is none of its business.
    fileprivate mutating func changeJob(_ change: CampaignChange) throws(ChangeRefusal) {
        switch change {
        case .startJob(let kind, let callsPerSecond):
            if let runningJob { throw .jobRunning(runningJob) }
            jobs.removeAll { $0.kind == kind }
            jobs.append(
                Job(
                    kind: kind,
                    total: counts.total,
                    callsPerSecond: callsPerSecond,
                    startedAt: FakeService.start
                )
            )
        case .stopJob(let kind):
            guard runningJob == kind else { throw .noJob(kind) }
            for index in jobs.indices where jobs[index].kind == kind {
                jobs[index].state = .stopped
                jobs[index].finishedAt = FakeService.start
            }
        case .transition, .patch, .retry, .delete: break
        }
    }
}

func makeWork(_ id: Campaign.ID, _ settings: Campaign.Settings) -> CampaignWork {
    CampaignWork(
        id: id,
        state: .running,
        settings: settings,
        order: 1,
        packetOverhead: 100,
        freshCount: 1,
        retryCount: 0,
        retryDueAt: nil,
        accountLimit: nil
    )
}

let writeToken = "w-token"
let readToken = "r-token"

func makeConfiguration(
    listen: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
    group: String? = nil
) -> EndpointConfiguration {
    let tokens = [
        AccessToken(name: "ops", canWrite: true, secret: Array(writeToken.utf8)),
        AccessToken(name: "viewer", canWrite: false, secret: Array(readToken.utf8)),
    ]
    var configuration = EndpointConfiguration(listen: listen)
    configuration.socketGroup = group
    configuration.tokens = { tokens }
    configuration.zones = FewZones()
    return configuration
}

func makeEndpoint(
    _ service: FakeService,
    suppressions: any Suppressions = FakeSuppressions(),
    configuration: EndpointConfiguration = makeConfiguration(),
    isStopping: @escaping @autoclosure @Sendable () -> Bool = false,
    isOver: @escaping @autoclosure @Sendable () -> Bool = false,
    metrics: any MetricsText = NoMetrics(),
    time: any TimeSource = FixedTime(),
    rules: (any MessageRules)? = nil,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
) -> Endpoint {
    let draws = Counter()
    return Endpoint(
        configuration: configuration,
        campaigns: service,
        suppressions: suppressions,
        deliveries: service,
        rules: rules ?? service,
        gateway: FakeGateway(),
        metrics: metrics,
        time: time,
        random: { draws.next() },
        isStopping: isStopping,
        isOver: isOver,
        logger: logger
    )
}

/// An endpoint of a node that stands by, and knows the leader's URL or doesn't.
func makeStandby(
    leader: String? = "https://b.example:8480",
    configuration: EndpointConfiguration = makeConfiguration(),
    isStopping: @escaping @autoclosure @Sendable () -> Bool = false,
    metrics: any MetricsText = NoMetrics(),
    time: any TimeSource = FixedTime()
) -> Endpoint {
    var configuration = configuration
    configuration.cluster = {
        ClusterStatus(role: .standby, leader: leader, epoch: 7, synchronous: true)
    }
    return Endpoint(
        configuration: configuration,
        standby: Standby(since: FakeService.start, configError: { "limits.burst: too large" }),
        gateway: FakeGateway(),
        metrics: metrics,
        time: time,
        isStopping: isStopping,
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    )
}

/// UTC, and Shanghai, eight hours ahead.
final class FewZones: ZoneDirectory {
    private struct Ahead: ZoneClock {
        let hours: Int64

        func offset(at second: Int64) -> ZoneOffset { ZoneOffset(seconds: hours * 3_600) }
    }

    func clock(of zone: String) -> (any ZoneClock)? {
        ["UTC": 0, "Asia/Shanghai": 8][zone].map(Ahead.init)
    }

    func fault(of zone: String) -> String? {
        clock(of: zone) == nil ? "there is no such zone; did you mean Asia/Shanghai?" : nil
    }
}

/// A clock that stands still, and on which nobody waits.
struct FixedTime: TimeSource {
    var timestamp = FakeService.start

    func now() -> Now { Now(instant: Instant(nanoseconds: 0), timestamp: timestamp) }

    func sleep(until instant: Instant) async throws {
        Issue.record("something sleeps on a clock that stands still")
    }
}

/// A clock that its test moves on.
final class SetTime: TimeSource {
    private let timestamp: Mutex<Timestamp>

    init(_ timestamp: Timestamp) { self.timestamp = Mutex(timestamp) }

    func advance(by milliseconds: Int) {
        timestamp.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + Int64(milliseconds)) }
    }

    func now() -> Now {
        Now(instant: Instant(nanoseconds: 0), timestamp: timestamp.withLock { $0 })
    }

    func sleep(until instant: Instant) async throws {
        Issue.record("something sleeps on a clock that nobody moves meanwhile")
    }
}

/// Gives each id its own bits, in rising order.
private final class Counter: Sendable {
    private let count = Mutex(UInt64(0))

    func next() -> UInt64 {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
