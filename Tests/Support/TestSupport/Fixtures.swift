package import DeliveryCore

/// A point on both clocks, so many seconds after the tests' beginning.
package func at(_ seconds: Double) -> Now {
    Now(
        instant: Instant(nanoseconds: 1_000_000_000_000 + Int64(seconds * 1e9)),
        timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(seconds * 1e3))
    )
}

/// The id of a campaign; of two the one with the higher number was created later.
package func makeID(_ number: UInt64 = 1) -> Campaign.ID {
    Campaign.ID(high: number << 16 | 0x7000, low: 0x8000_0000_0000_0000)
}

package func makeWork(
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
        id: makeID(number),
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

/// So many accounts, in the order of their bytes.
package func makeAccounts(_ count: Int, prefix: String = "user-") -> [Account] {
    (0..<count).map { index in
        let digits = String(index)
        return Account(prefix + String(repeating: "0", count: max(0, 5 - digits.count)) + digits)
    }
}

package func makeBatch(
    _ number: Int64 = 1,
    campaign: UInt64 = 1,
    count: Int = 3,
    earlierAttempts: [Int] = [],
    maybeAcceptedBefore: Set<Account> = [],
    attempts: Int = 0,
    maybeAccepted: Bool = false,
    isHalf: Bool = false,
    random: UInt32 = 7
) -> Batch {
    Batch(
        id: Batch.ID(rawValue: number),
        campaign: makeID(campaign),
        message: CheckedMessage(json: [], packetOverhead: 200),
        accounts: AccountRun(makeAccounts(count)),
        earlierAttempts: earlierAttempts,
        maybeAcceptedBefore: maybeAcceptedBefore,
        attempts: attempts,
        maybeAccepted: maybeAccepted,
        isHalf: isHalf,
        numbers: CallNumbers(sequence: UInt32(number), random: random)
    )
}

package func makeOpen(
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
        campaign: makeID(campaign),
        count: count,
        attempts: attempts,
        maybeAccepted: maybeAccepted,
        dueAt: dueAt,
        isHalf: isHalf
    )
}

package func makeCampaign(_ number: UInt64 = 1, state: Campaign.State = .running) -> Campaign {
    Campaign(
        id: makeID(number),
        name: "",
        state: state,
        createdAt: at(0).timestamp,
        message: CheckedMessage(json: [], packetOverhead: 200)
    )
}

package func makeChange(
    _ work: CampaignWork,
    requeued: Int = 0,
    next: RetryPosition? = nil,
    closed: [Batch.ID] = []
) -> WriteResult {
    let number = work.id.high >> 16
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
