import DeliveryCore
import QueueTables

/// A mistake planted on purpose, to see that the simulation catches it.
///
/// Each is one that a service of this kind may well make. The production code knows nothing of
/// them: they are made where the dispatcher meets the world, or by triggers in the database.
package enum Sabotage: String, Sendable, Hashable, CaseIterable {
    /// A call counts for a minute from when it was sent, however late the provider counts it.
    case ledgerBySendTime
    /// A call that was out at a crash is held from the restart on as if it couldn't still arrive.
    case crashHeldWithoutTimeout
    /// A call of unknown outcome is held no longer than an answered one.
    case unknownHeldAsAnswered
    /// Who deletes a campaign deletes what counts against the quota with it.
    case ledgerErasedWithCampaign
    /// Recipients count as done with once they are claimed, and a crash forgets their call.
    case cursorMovedAtFetch
    /// One account to be tried again sends its whole batch again.
    case wholeBatchRetried
    /// A batch that is a list of accounts is closed as all that lies between first and last.
    case listClosedAsRange
    /// A cancel makes `canceled` of recipients that may have been accepted.
    case maybeAcceptedClearedByCancel
    /// Calls of unknown outcome spend no attempt.
    case unknownUnspent
    /// Refusals of everybody in a call spend no attempt, whatever the service shows.
    case refusalUnspent
    /// A campaign that ends counts one more `sent` than there are.
    case counterOffByOne
    /// A history is asked a settling time after its call was sent, however late the call arrives.
    case settledBySendTime
    /// A recipient whom the history shows is recorded as one whom it doesn't.
    case foundTakenForAbsent
    /// A recall's call that failed counts as a message taken back.
    case failedRecallCounted
    /// Wake-ups come half a minute later than they were asked for.
    case wakeLate
    /// A recall that has ended has taken back from whoever is accepted later as well.
    case laterCallRecalled
    /// A call that certainly didn't go out stays counted in its minute.
    case unsentStaysCounted
    /// A claim that was planned within the sending hours goes out, however long its commit took.
    case closingMissedByCommit
    /// A change of a zone's clock isn't known.
    case zoneOutOfDate
    /// Whoever is put on the suppression list isn't on it when claims ask.
    case suppressionLost
    /// A process takes the suppression list that it finds at its start for empty.
    case suppressionsForgottenAtStart
    /// A batch goes out again as it was, whoever was put on the suppression list since.
    case suppressionIgnoredByRepeat
    /// Whoever is taken off the suppression list stays on it.
    case suppressionKept
    /// A leader that another one has followed writes on.
    case staleLeaderCommits
    /// A leader that another one has followed makes the calls that it was about to make.
    case staleLeaderCalls
    /// A commit of which it isn't known whether it was made is taken as not made.
    case doubtTakenAsFailed
    /// A commit of which it isn't known whether it was made is taken as made.
    case doubtTakenAsMade
    /// A database that went back is taken for one that has all calls.
    case goingBackUnnoticed
}

extension Sabotage {
    /// Whether it is about several nodes on one database.
    package var isAboutTerms: Bool {
        switch self {
        case .staleLeaderCommits, .staleLeaderCalls, .doubtTakenAsFailed, .doubtTakenAsMade,
            .goingBackUnnoticed:
            true
        default: false
        }
    }
}

// MARK: - Where the dispatcher meets the world

extension World {
    /// What the dispatcher takes for the time of an event.
    func clock(of event: Dispatcher.Event) -> Now {
        var clock = now
        if sabotage == .closingMissedByCommit, case .committed = event {
            clock.timestamp = clock.timestamp.advanced(by: .milliseconds(-8))
        }
        guard case .answered(let id, let outcome) = event else { return clock }
        switch (sabotage, outcome) {
        case (.ledgerBySendTime, _):
            clock.instant = out[id] ?? clock.instant
        case (.unknownHeldAsAnswered, .unknown):
            clock.instant = clock.instant.advanced(by: .zero - LedgerEntry.grace)
        default: break
        }
        return clock
    }

    /// Loses at a start what the process before knew.
    func forget() async throws {
        guard sabotage == .suppressionsForgottenAtStart else { return }
        for account in record.list.accounts.sorted() {
            _ = try await store.unsuppress(account, now: now)
        }
    }

    /// The call that goes out for a batch.
    func called(_ batch: Batch) -> Batch {
        guard sabotage == .suppressionIgnoredByRepeat, let left = record.left[batch.id] else {
            return batch
        }
        return Batch(
            id: batch.id,
            campaign: batch.campaign,
            message: batch.message,
            accounts: AccountRun((batch.accounts + left).sorted()),
            numbers: batch.numbers
        )
    }

    /// How much later than asked for a wake-up comes.
    var oversleep: Duration { sabotage == .wakeLate ? .seconds(30) : .zero }

    /// What the dispatcher gets to know of what the store found at a start.
    func found(_ restored: Restored) -> Restored {
        var restored = restored
        switch sabotage {
        case .crashHeldWithoutTimeout:
            let latest = now.instant.advanced(by: LedgerEntry.window + LedgerEntry.grace)
            restored.holds = restored.holds.map {
                Hold(campaign: $0.campaign, count: $0.count, until: min($0.until, latest))
            }
        case .cursorMovedAtFetch:
            restored.inFlight = []
        default: break
        }
        return restored
    }

    /// What becomes of the dispatcher's writes on their way to the store.
    func written(_ writes: [Write]) -> [Write] {
        switch sabotage {
        case .refusalUnspent: return writes.map { held($0) }
        case .settledBySendTime: return writes.map { lookedUpAtOnce($0) }
        case .foundTakenForAbsent, .failedRecallCounted: return writes.map { changed($0) }
        case .wholeBatchRetried: break
        default: return writes
        }
        return writes.map { write in
            guard case .record(let record) = write, let batch = self.record.call(record.batch),
                case .settled(let key, let verdicts) = record.resolution,
                let retry = verdicts.first(where: { $0.isRetry })
            else { return write }
            let everyone = batch.accounts.map {
                Resolution.AccountVerdict(account: $0, verdict: retry.verdict, code: retry.code)
            }
            let changed = Write.Record(
                batch: record.batch,
                resolution: .settled(messageKey: key, verdicts: everyone),
                releaseAt: record.releaseAt
            )
            return .record(changed)
        }
    }
}

extension World {
    /// The record of a call whose accounts all are to be tried again, as one that spends nothing.
    private func held(_ write: Write) -> Write {
        guard case .record(let record) = write, let batch = self.record.call(record.batch),
            case .settled(_, let verdicts) = record.resolution,
            verdicts.count == batch.accounts.count, verdicts.allSatisfy(\.isRetry)
        else { return write }
        let resolution = Resolution.held(dueAt: now.timestamp)
        return .record(
            .init(batch: record.batch, resolution: resolution, releaseAt: record.releaseAt)
        )
    }
}

// MARK: - Jobs

extension World {
    /// The record of a call of unknown outcome, whose recipients aren't waited for.
    private func lookedUpAtOnce(_ write: Write) -> Write {
        guard case .record(let record) = write,
            case .lookedUp(_, let info, let code) = record.resolution
        else { return write }
        let resolution = Resolution.lookedUp(from: now.timestamp, info: info, code: code)
        return .record(
            .init(batch: record.batch, resolution: resolution, releaseAt: record.releaseAt)
        )
    }

    /// The step of a job with the mistake in its results.
    private func changed(_ write: Write) -> Write {
        guard case .stepJob(var step) = write else { return write }
        step.results = step.results.map { result in
            switch (sabotage, result.verdict) {
            case (.foundTakenForAbsent, .found):
                JobResult(account: result.account, verdict: .absent(dueAt: now.timestamp))
            case (.failedRecallCounted, .deferred(_, isFailure: true)) where step.kind == .recall:
                JobResult(account: result.account, verdict: .recalled(code: 0))
            default: result
            }
        }
        return .stepJob(step)
    }
}

extension Resolution.AccountVerdict {
    fileprivate var isRetry: Bool {
        if case .retry = verdict { true } else { false }
    }
}

// MARK: - In the database

extension Sabotage {
    /// The trigger that makes the mistake, for those that a store makes.
    package var trigger: String? {
        switch self {
        case .ledgerBySendTime, .crashHeldWithoutTimeout, .unknownHeldAsAnswered,
            .cursorMovedAtFetch, .wholeBatchRetried, .refusalUnspent, .foundTakenForAbsent,
            .failedRecallCounted, .wakeLate, .closingMissedByCommit, .zoneOutOfDate,
            .suppressionIgnoredByRepeat, .suppressionsForgottenAtStart, .staleLeaderCommits,
            .staleLeaderCalls, .doubtTakenAsFailed, .doubtTakenAsMade, .goingBackUnnoticed:
            nil
        case .unknownUnspent:
            """
            CREATE TRIGGER sabotage AFTER UPDATE OF attempts ON batch
            WHEN NEW.state = 'repeat' AND NEW.attempts > OLD.attempts BEGIN
                UPDATE batch SET attempts = OLD.attempts WHERE id = NEW.id;
            END
            """
        case .ledgerErasedWithCampaign:
            """
            CREATE TRIGGER sabotage AFTER DELETE ON campaign BEGIN
                DELETE FROM ledger WHERE uuid = OLD.uuid;
            END
            """
        case .listClosedAsRange:
            """
            CREATE TRIGGER sabotage AFTER UPDATE OF state ON batch
            WHEN NEW.state = 'closed' AND NEW.first_account IS NULL BEGIN
                UPDATE exception SET state = 'member', batch = NEW.id, due_at_ms = NULL
                WHERE campaign = NEW.campaign AND account
                    BETWEEN (SELECT min(account) FROM exception WHERE batch = NEW.id)
                    AND (SELECT max(account) FROM exception WHERE batch = NEW.id);
            END
            """
        case .maybeAcceptedClearedByCancel: Self.clearingMaybeAccepted
        case .counterOffByOne:
            """
            CREATE TRIGGER sabotage AFTER UPDATE OF finished_at_ms ON campaign
            WHEN OLD.finished_at_ms IS NULL AND NEW.finished_at_ms IS NOT NULL BEGIN
                UPDATE campaign SET sent = sent + 1 WHERE id = NEW.id;
            END
            """
        case .settledBySendTime:
            """
            CREATE TRIGGER sabotage AFTER INSERT ON unknown_call BEGIN
                UPDATE unknown_call SET ended_at_ms = sent_at_ms
                WHERE campaign = NEW.campaign AND batch = NEW.batch;
            END
            """
        case .laterCallRecalled:
            """
            CREATE TRIGGER sabotage AFTER UPDATE OF state ON job
            WHEN NEW.kind = 'recall' AND NEW.state = 'completed' BEGIN
                UPDATE job SET settled_end = settled_end + 1000000
                WHERE campaign = NEW.campaign AND kind = 'recall';
            END
            """
        case .suppressionLost:
            """
            CREATE TRIGGER sabotage AFTER INSERT ON suppression BEGIN
                DELETE FROM suppression WHERE account = NEW.account;
            END
            """
        case .suppressionKept:
            """
            CREATE TRIGGER sabotage BEFORE DELETE ON suppression BEGIN
                SELECT RAISE(IGNORE);
            END
            """
        case .unsentStaysCounted:
            """
            CREATE TRIGGER sabotage AFTER UPDATE OF addressed ON minute
            WHEN NEW.addressed < OLD.addressed BEGIN
                UPDATE minute SET addressed = OLD.addressed WHERE at_ms = NEW.at_ms;
            END
            """
        }
    }

    /// Turns what the cancel made `unknown` of open batches into `canceled`, in rows and counters
    /// alike, and forgets the doubt about calls that are out.
    private static let clearingMaybeAccepted = """
        CREATE TRIGGER sabotage AFTER UPDATE OF state ON campaign
        WHEN NEW.state = 'canceled' AND OLD.state <> 'canceled' BEGIN
            UPDATE batch SET state = 'cut'
            WHERE campaign = NEW.id AND state = 'closed' AND maybe_accepted = 1
                AND first_account IS NOT NULL AND message_key IS NULL AND changed_at_ms =
                    (SELECT at_ms FROM cut WHERE campaign = NEW.id AND pass = OLD.pass);
            DELETE FROM exception
            WHERE campaign = NEW.id AND EXISTS (SELECT 1 FROM batch
                WHERE campaign = NEW.id AND state = 'cut' AND maybe_accepted = 1
                    AND exception.account BETWEEN first_account AND last_account);
            UPDATE campaign SET (unknown, canceled) = (
                SELECT unknown - ifnull(sum(count), 0), canceled + ifnull(sum(count), 0)
                FROM batch WHERE batch.campaign = NEW.id AND state = 'cut' AND maybe_accepted = 1)
            WHERE id = NEW.id;
            UPDATE batch SET maybe_accepted = 0
            WHERE campaign = NEW.id AND state IN ('cut', 'in_flight');
        END
        """
}
