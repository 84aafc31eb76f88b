package import DeliveryCore
package import DeliveryEngine
package import QueueTables
import TestSupport

package func makeOptions(
    boot: String = "boot-1",
    seed: UInt64 = 1,
    sender: String? = "admin",
    rowsPerStep: Int = 5_000
) -> Store.Options {
    Store.Options(
        bootID: boot,
        seed: seed,
        accounts: QuotedAccounts(),
        sender: sender.map { Array($0.utf8) },
        rowsPerStep: rowsPerStep
    )
}

/// The rules of a provider that takes accounts in quotes, with commas between them.
package struct QuotedAccounts: AccountRules {
    package let byteLimit = 32
    package let frameSize = 3
    package let separatorSize = 1
    package let missingCode = 70_107

    package init() {}

    package func size(of account: Span<UInt8>) -> Int { account.count + frameSize }
}

package func makeNewCampaign(
    _ id: Campaign.ID = makeID(),
    name: String = "Singles' Day",
    accounts: [Account] = makeAccounts(10),
    settings: Campaign.Settings = Campaign.Settings(),
    start: Bool = true
) -> NewCampaign {
    NewCampaign(
        id: id,
        name: name,
        message: CheckedMessage(json: Array("{\"a\":1}".utf8), packetOverhead: 100),
        settings: settings,
        recipients: AccountRun(accounts),
        start: start
    )
}

package func makeClaim(
    _ id: Campaign.ID = makeID(),
    source: Write.Claim.Source = .fresh,
    accountLimit: Int = 500,
    byteLimit: Int = 12_000,
    random: UInt32 = 7,
    timeout: Duration = .seconds(10),
    quota: Int = 12_000
) -> Write {
    .claim(
        Write.Claim(
            campaign: id,
            source: source,
            accountLimit: accountLimit,
            byteLimit: byteLimit,
            random: random,
            timeout: timeout,
            quota: quota
        )
    )
}

package func makeKey(_ text: String = "key", caller: String = "ops") -> KeyedRequest.Key {
    KeyedRequest.Key(caller: caller, bytes: Array(text.utf8))
}

/// A request whose answer ends with the number of recipients.
package func makeRequest(
    _ key: KeyedRequest.Key = makeKey(),
    digest: UInt8 = 1,
    answer: String = "answer"
) -> KeyedRequest {
    KeyedRequest(key: key, digest: [UInt8](repeating: digest, count: 32)) { campaign in
        Array("\(answer) \(campaign.counts.total)".utf8)
    }
}

package func makeReclaim(
    _ batch: Batch.ID,
    byteLimit: Int = 11_000,
    quota: Int = 12_000
) -> Write {
    .reclaim(
        Write.Reclaim(batch: batch, byteLimit: byteLimit, timeout: .seconds(10), quota: quota)
    )
}

package func makeRecord(
    _ batch: Batch.ID,
    _ resolution: Resolution = .settled(messageKey: "key", verdicts: []),
    releaseAt: Instant = at(1_000).instant,
    isUnsent: Bool = false
) -> Write {
    let record = Write.Record(
        batch: batch,
        resolution: resolution,
        releaseAt: releaseAt,
        isUnsent: isUnsent
    )
    return .record(record)
}

package func makeVerdict(
    _ account: Account,
    _ verdict: Verdict = .failed,
    code: Int = 70_107
) -> Resolution.AccountVerdict {
    Resolution.AccountVerdict(account: account, verdict: verdict, code: code)
}

extension QueueBackend {
    /// Carries out one write.
    @discardableResult
    package func commit(_ write: Write, now: Now = at(1)) async throws -> WriteResult {
        guard let result = try await commit([write], now: now).first else { throw NothingClaimed() }
        return result
    }

    /// Claims a batch that must be there.
    package func claim(_ write: Write = makeClaim(), now: Now = at(1)) async throws -> Batch {
        guard case .claimed(let batch?, _) = try await commit(write, now: now) else {
            throw NothingClaimed()
        }
        return batch
    }

    /// Puts accounts on the list of those that must not be addressed.
    package func suppress(_ accounts: [Account], now: Now = at(1)) async throws {
        _ = try await suppress(AccountRun(accounts), now: now)
    }

    /// Carries out a change that must be one.
    package func change(_ write: Write, now: Now = at(5)) async throws -> WriteResult.Change {
        guard case .changed(let result) = try await commit(write, now: now) else {
            throw NothingClaimed()
        }
        return try result.get()
    }

    /// One step of removing what nobody needs any more.
    package func sweep(
        since time: Now? = nil,
        now: Now = at(9)
    ) async throws -> WriteResult.Swept {
        let write = Write.sweep(Write.Sweep(untouchedSince: time?.timestamp))
        guard case .swept(let swept) = try await commit(write, now: now) else {
            throw NothingClaimed()
        }
        return swept
    }

    /// Every recipient of a campaign, by pages.
    package func everybody(
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

    package func status(
        _ account: Account,
        of id: Campaign.ID = makeID()
    ) async throws -> Recipient.Status? {
        try await recipient(account, of: id)?.status
    }

    package func counts(of id: Campaign.ID = makeID()) async throws -> Counts {
        guard let campaign = try await campaign(id) else { throw NothingClaimed() }
        return campaign.counts
    }
}

/// What a test waited for didn't come.
package struct NothingClaimed: Error {
    package init() {}
}

package func makeCounts(_ numbers: KeyValuePairs<WritableKeyPath<Counts, Int>, Int>) -> Counts {
    var counts = Counts()
    for (path, number) in numbers { counts[keyPath: path] = number }
    return counts
}
