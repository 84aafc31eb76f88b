import DeliveryCore
import DeliveryEngine
import EndpointFixtures
import HTTPAPI
import HTTPTypes
import Logging
import NIOCore
import Platform
import Synchronization
import TencentIM

/// Ports that remember what the endpoint made of a request.
final class Desk: Campaigns, Suppressions, Deliveries {
    struct Notes {
        var created: NewCampaign?
        var change: CampaignChange?
        var limit: Int?
        var taken = AccountRun()
        var openIntakes = 0
        var rows: [Recipient] = []
        var suppressions: [Suppression] = []
    }

    let changes = ChangeFeed()
    let notes = Mutex(Notes())

    static let now = Timestamp(milliseconds: 1_762_824_600_000)
    static let draft = Campaign(
        id: Campaign.ID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0000),
        name: "draft",
        state: .draft,
        createdAt: now,
        message: CheckedMessage(json: Array("{}".utf8), packetOverhead: 100)
    )

    func create(
        _ campaign: NewCampaign,
        for request: KeyedRequest?,
        now: Now
    ) async throws(QueueError) -> Created {
        notes.withLock { $0.created = campaign }
        let made = Campaign(
            id: campaign.id,
            name: campaign.name,
            state: campaign.start ? .running : .draft,
            settings: campaign.settings,
            createdAt: now.timestamp,
            message: campaign.message
        )
        return Created(campaign: made, work: nil)
    }

    func answer(
        to key: KeyedRequest.Key,
        now: Timestamp
    ) async throws(QueueError) -> KeyedAnswer? { nil }

    func openIntake(_ id: Campaign.ID) async throws(IntakeError) {
        notes.withLock { $0.openIntakes += 1 }
    }

    func take(
        _ run: AccountRun,
        into id: Campaign.ID,
        now: Now
    ) async throws(IntakeError) -> Taken {
        notes.withLock { notes in
            notes.taken.append(run)
            return Taken(accepted: run.count, duplicates: 0, total: notes.taken.count)
        }
    }

    func spilledRuns(into id: Campaign.ID) async -> (any SpilledRuns)? { nil }

    func closeIntake(_ id: Campaign.ID) async {
        notes.withLock { $0.openIntakes -= 1 }
    }

    func campaign(_ id: Campaign.ID) async throws(QueueError) -> Campaign? {
        id == Self.draft.id ? Self.draft : nil
    }

    func campaigns(
        matching filter: CampaignFilter,
        before: Campaign.ID?,
        limit: Int
    ) async throws(QueueError) -> CampaignPage {
        notes.withLock { $0.limit = limit }
        return CampaignPage(campaigns: [Self.draft], next: nil)
    }

    func takesIn(_ id: Campaign.ID) async -> Bool { false }

    func totals() async throws(QueueError) -> [Campaign.State: Int] { [.draft: 1] }

    func traffic(
        since start: Timestamp,
        per length: TrafficStep.Length
    ) async throws(QueueError) -> [TrafficStep] { [] }

    func recipient(
        _ account: Account,
        of id: Campaign.ID
    ) async throws(QueueError) -> Recipient? {
        Recipient(account: account, status: .sent, code: 0, updatedAt: Self.now)
    }

    func recipients(
        of id: Campaign.ID,
        matching filter: RecipientFilter,
        after: Account?,
        limit: Int
    ) async throws(QueueError) -> RecipientPage {
        notes.withLock { notes in
            notes.limit = limit
            return RecipientPage(recipients: notes.rows, next: nil)
        }
    }

    func suppress(
        _ account: Account,
        reason: String?,
        now: Now
    ) async throws(QueueError) -> Suppression {
        let made = Suppression(account: account, reason: reason, createdAt: now.timestamp)
        notes.withLock { $0.suppressions = [made] }
        return made
    }

    func suppress(_ run: AccountRun, now: Now) async throws(QueueError) -> Taken {
        notes.withLock { notes in
            notes.taken.append(run)
            return Taken(accepted: run.count, duplicates: 0, total: notes.taken.count)
        }
    }

    func unsuppress(_ account: Account, now: Now) async throws(QueueError) -> Bool {
        notes.withLock { notes in
            let isListed = notes.suppressions.contains { $0.account == account }
            notes.suppressions.removeAll { $0.account == account }
            return isListed
        }
    }

    func suppression(of account: Account) async throws(QueueError) -> Suppression? {
        notes.withLock { notes in notes.suppressions.first { $0.account == account } }
    }

    func suppressions(
        after account: Account?,
        limit: Int
    ) async throws(QueueError) -> SuppressionPage {
        notes.withLock { notes in
            notes.limit = limit
            return SuppressionPage(suppressions: notes.suppressions, next: nil)
        }
    }

    func admit(_ work: CampaignWork) {}

    func change(
        _ id: Campaign.ID,
        _ change: CampaignChange
    ) async throws(ChangeError) -> WriteResult.Change {
        notes.withLock { $0.change = change }
        throw .refused(.wrongState(.draft))
    }

    func setPaused(_ isPaused: Bool) async throws(ChangeError) {}

    func quota() -> QuotaStatus {
        QuotaStatus(
            messagesPerMinute: 12_000,
            windowUsed: 0,
            nextCallAt: Self.now,
            callsPerSecond: 200,
            state: .running,
            window: QuotaWindow(held: 0, unanswered: 0, room: 12_000, releases: [])
        )
    }

    func progress(of campaign: Campaign) -> CampaignProgress { CampaignProgress() }

    func explain(_ campaign: Campaign, takesIn: Bool) -> Explanation { explain() }

    func explain() -> Explanation {
        Explanation(isMoving: false, lastCallAt: nil, causes: [])
    }
}

/// A clock on which nobody gets to wait.
private struct StoppedClock: TimeSource {
    func now() -> Now { Now(instant: Instant(nanoseconds: 0), timestamp: Desk.now) }

    func sleep(until instant: Instant) async throws { throw CancellationError() }
}

/// The endpoint without its server: requests go in as values, answers come out whole.
struct Counter {
    struct Answer: Equatable {
        var status: Int
        var type: String
        var body: [UInt8]
    }

    let desk = Desk()
    private let endpoint: HTTPAPI.Endpoint

    static let token = "0123456789abcdef"

    init() {
        let logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
        let token = AccessToken(name: "t", canWrite: true, secret: Array(Self.token.utf8))
        var configuration = EndpointConfiguration(listen: .tcp(host: "127.0.0.1", port: 8_480))
        configuration.tokens = { [token] }
        configuration.bodySizeLimit = 100_000
        endpoint = HTTPAPI.Endpoint(
            configuration: configuration,
            campaigns: desk,
            suppressions: desk,
            deliveries: desk,
            rules: MessageTemplate(),
            gateway: TencentGateway {
                AppCredentials(sdkAppID: 1, administrator: "boss", key: SecretKey("k"))
            },
            time: StoppedClock(),
            random: { 0 },
            logger: logger
        )
    }

    func answer(
        _ method: HTTPRequest.Method,
        _ path: String,
        host: String = "localhost",
        authorization: String? = "Bearer \(token)",
        headers: [HTTPField.Name: String] = [:],
        body pieces: [ArraySlice<UInt8>] = []
    ) async throws -> Answer {
        var fields = HTTPFields()
        fields[.authorization] = authorization
        for (name, value) in headers { fields[name] = value }
        let answer = try await WholeAnswer(
            of: endpoint,
            method,
            path,
            host: host,
            headers: fields,
            body: pieces.map { ByteBuffer(bytes: $0) }
        )
        return Answer(
            status: answer.status,
            type: answer.headers[.contentType] ?? "",
            body: answer.body
        )
    }
}
