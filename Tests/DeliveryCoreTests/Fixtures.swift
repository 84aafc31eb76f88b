import DeliveryCore

/// A time so long after the tests' beginning, on both clocks.
func at(_ seconds: Double) -> Now {
    Now(
        instant: Instant(nanoseconds: 1_000_000_000_000 + Int64(seconds * 1e9)),
        timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(seconds * 1e3))
    )
}

func makeCampaignID(_ number: UInt64 = 1) -> Campaign.ID {
    Campaign.ID(high: 0x7000, low: 0x8000_0000_0000_0000 | number)
}

func makeWork(
    _ number: UInt64 = 1,
    state: Campaign.State = .running,
    priority: Priority = .normal,
    cap: Int? = nil,
    startAt: Timestamp? = nil,
    expiresAt: Timestamp? = nil,
    onUnknown: UnknownPolicy = .resend,
    fresh: Int = 0,
    retries: Int = 0,
    retryDueAt: Timestamp? = nil
) -> CampaignWork {
    CampaignWork(
        id: makeCampaignID(number),
        state: state,
        settings: Campaign.Settings(
            priority: priority,
            messagesPerMinute: cap,
            startAt: startAt,
            expiresAt: expiresAt,
            onUnknown: onUnknown
        ),
        order: Int64(number),
        packetOverhead: 200,
        freshCount: fresh,
        retryCount: retries,
        retryDueAt: retryDueAt,
        accountLimit: nil
    )
}

func makeAccounts(_ count: Int, prefix: String = "user") -> [Account] {
    (0..<count).map { Account("\(prefix)\($0)") }
}

func makeBatch(
    _ number: Int64 = 1,
    campaign: UInt64 = 1,
    count: Int = 3,
    earlierAttempts: [Int] = [],
    maybeAcceptedBefore: Set<Account> = [],
    attempts: Int = 0,
    maybeAccepted: Bool = false,
    isHalf: Bool = false
) -> Batch {
    Batch(
        id: Batch.ID(rawValue: number),
        campaign: makeCampaignID(campaign),
        message: CheckedMessage(json: [], packetOverhead: 200),
        accounts: makeAccounts(count),
        earlierAttempts: earlierAttempts,
        maybeAcceptedBefore: maybeAcceptedBefore,
        attempts: attempts,
        maybeAccepted: maybeAccepted,
        isHalf: isHalf,
        numbers: CallNumbers(sequence: UInt32(number), random: 7)
    )
}

func makeOpen(
    _ number: Int64 = 1,
    campaign: UInt64 = 1,
    count: Int = 3,
    attempts: Int = 0,
    maybeAccepted: Bool = false,
    dueAt: Timestamp = Timestamp(milliseconds: 0),
    isHalf: Bool = false
) -> OpenBatch {
    OpenBatch(
        id: Batch.ID(rawValue: number),
        campaign: makeCampaignID(campaign),
        count: count,
        attempts: attempts,
        maybeAccepted: maybeAccepted,
        dueAt: dueAt,
        isHalf: isHalf
    )
}

func makeCampaign(_ number: UInt64 = 1, state: Campaign.State = .running) -> Campaign {
    Campaign(
        id: makeCampaignID(number),
        name: "",
        state: state,
        createdAt: at(0).timestamp,
        message: CheckedMessage(json: [], packetOverhead: 200)
    )
}

func makeChange(
    _ work: CampaignWork,
    requeued: Int = 0,
    next: RetryPosition? = nil,
    closed: [Batch.ID] = []
) -> WriteResult {
    let number = work.id.low & 0xFFFF
    return .changed(
        .success(
            WriteResult.Change(
                campaign: makeCampaign(number, state: work.state),
                work: work,
                requeued: requeued,
                next: next,
                closed: closed
            )
        )
    )
}
