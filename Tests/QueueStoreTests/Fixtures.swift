import DeliveryCore
import DeliveryEngine
import QueueStore
import Testing

func makeStore(seed: UInt64 = 1, rowsPerStep: Int = 5_000) throws -> Store {
    try Store.inMemory(options: makeOptions(seed: seed, rowsPerStep: rowsPerStep))
}

func makeOptions(
    boot: String = "boot-1",
    seed: UInt64 = 1,
    minFreeBytes: Int = 0,
    pageLimit: Int? = nil,
    checkpointPages: Int = 4_000,
    rowsPerStep: Int = 5_000
) -> Store.Options {
    Store.Options(
        bootID: boot,
        seed: seed,
        minFreeBytes: minFreeBytes,
        pageLimit: pageLimit,
        checkpointPages: checkpointPages,
        rowsPerStep: rowsPerStep
    )
}

/// A point on both clocks, so many seconds after their start.
func at(_ seconds: Int64) -> Now {
    Now(
        instant: Instant(nanoseconds: seconds * 1_000_000_000),
        timestamp: Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1_000)
    )
}

func makeID(_ number: UInt64 = 1) -> Campaign.ID {
    Campaign.ID(high: number << 16 | 0x7000, low: 0x8000_0000_0000_0000)
}

func makeAccounts(_ count: Int, prefix: String = "user-") -> [Account] {
    (0..<count).map { index in
        let digits = String(index)
        let zeros = String(repeating: "0", count: 5 - digits.count)
        return Account(prefix + zeros + digits)
    }
}

func makeCampaign(
    _ id: Campaign.ID = makeID(),
    accounts: [Account] = makeAccounts(10),
    settings: Campaign.Settings = Campaign.Settings(),
    start: Bool = true
) -> NewCampaign {
    NewCampaign(
        id: id,
        name: "Singles' Day",
        message: CheckedMessage(json: Array("{\"a\":1}".utf8), packetOverhead: 100),
        settings: settings,
        recipients: AccountRun(accounts),
        start: start
    )
}

func makeClaim(
    _ id: Campaign.ID = makeID(),
    source: Write.Claim.Source = .fresh,
    accountLimit: Int = 500,
    byteLimit: Int = 12_000,
    random: UInt32 = 7,
    timeout: Duration = .seconds(10)
) -> Write {
    .claim(
        Write.Claim(
            campaign: id,
            source: source,
            accountLimit: accountLimit,
            byteLimit: byteLimit,
            messageRandom: random,
            timeout: timeout
        )
    )
}

func makeReclaim(_ batch: Batch.ID) -> Write {
    .reclaim(Write.Reclaim(batch: batch, byteLimit: 11_000, timeout: .seconds(10)))
}

func makeRecord(
    _ batch: Batch.ID,
    _ resolution: Resolution = .settled(messageKey: "key", verdicts: []),
    releaseAt: Instant = at(1_000).instant
) -> Write {
    .record(Write.Record(batch: batch, resolution: resolution, releaseAt: releaseAt))
}

func makeVerdict(
    _ account: Account,
    _ verdict: Verdict = .failed,
    code: Int = 70_107
) -> Resolution.AccountVerdict {
    Resolution.AccountVerdict(account: account, verdict: verdict, code: code)
}

extension Store {
    /// Carries out one write.
    @discardableResult
    func commit(_ write: Write, now: Now = at(1)) async throws -> WriteResult {
        try #require(try await commit([write], now: now).first)
    }

    /// Claims a batch that must be there.
    func claim(_ write: Write = makeClaim(), now: Now = at(1)) async throws -> Batch {
        guard case .claimed(let batch?, _) = try await commit(write, now: now) else {
            throw NothingClaimed()
        }
        return batch
    }

    /// Every recipient of a campaign, by pages.
    func everybody(
        of id: Campaign.ID = makeID(),
        matching filter: RecipientFilter = RecipientFilter(),
        pageSize: Int = 7
    ) async throws -> [Recipient] {
        var all: [Recipient] = []
        var after: Account?
        repeat {
            let page = try await recipients(
                of: id,
                matching: filter,
                after: after,
                limit: pageSize
            )
            all += page.recipients
            after = page.next
        } while after != nil
        return all
    }

    func status(_ account: Account, of id: Campaign.ID = makeID()) async throws -> Recipient.Status?
    {
        try await recipient(account, of: id)?.status
    }

    func counts(of id: Campaign.ID = makeID()) async throws -> Counts {
        try #require(try await campaign(id)).counts
    }
}

struct NothingClaimed: Error {}

func makeCounts(_ numbers: KeyValuePairs<WritableKeyPath<Counts, Int>, Int>) -> Counts {
    var counts = Counts()
    for (path, number) in numbers { counts[keyPath: path] = number }
    return counts
}

/// A small seeded generator.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
