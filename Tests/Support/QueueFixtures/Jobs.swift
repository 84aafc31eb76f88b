package import DeliveryCore
package import DeliveryEngine
import TestSupport

/// A step of a job; without anything else it asks where the job stands.
package func makeStep(
    _ kind: Job.Kind,
    of id: Campaign.ID = makeID(),
    results: [JobResult] = [],
    cursor: Account? = nil,
    walk limit: Int? = nil,
    after: Account? = nil,
    due: Now? = nil,
    dueLimit: Int = 100,
    end: JobStep.End? = nil
) -> JobStep {
    var step = JobStep(campaign: id, kind: kind)
    step.results = results
    step.cursor = cursor
    step.walk = limit.map { JobStep.Walk(after: after, limit: $0) }
    step.due = due.map { JobStep.Due(by: $0.timestamp, limit: dueLimit) }
    step.end = end
    return step
}

package func makeStart(
    _ kind: Job.Kind,
    of id: Campaign.ID = makeID(),
    callsPerSecond: Int? = nil,
    historySince: Now = at(-1_000)
) -> Write {
    let since = historySince.timestamp
    return .startJob(id, kind, JobTerms(callsPerSecond: callsPerSecond, historySince: since))
}

/// One result for each of some accounts.
package func makeResults(_ accounts: [Account], _ verdict: JobResult.Verdict) -> [JobResult] {
    accounts.map { JobResult(account: $0, verdict: verdict) }
}

/// A call as the history shows it.
package func makeFound(_ call: UnknownCall, key: String? = "found-key") -> FoundCall {
    FoundCall(numbers: call.numbers, messageKey: key)
}

extension JobTarget {
    /// The calls that are looked for.
    package var calls: [UnknownCall] {
        if case .calls(let calls, _) = content { calls } else { [] }
    }

    /// The attempts that the recipient has spent.
    package var attempts: Int? {
        if case .calls(_, let attempts) = content { attempts } else { nil }
    }
}

extension QueueBackend {
    /// One step of a job.
    @discardableResult
    package func step(_ step: JobStep, now: Now = at(50)) async throws -> JobStepped {
        guard case .stepped(let stepped) = try await commit(.stepJob(step), now: now) else {
            throw NothingClaimed()
        }
        return stepped
    }

    /// Why a change is refused; nil if it isn't.
    package func refusal(_ write: Write, now: Now = at(5)) async throws -> ChangeRefusal? {
        guard case .changed(let result) = try await commit(write, now: now) else {
            throw NothingClaimed()
        }
        if case .failure(let refusal) = result { return refusal }
        return nil
    }

    /// The names of counters that a recount of the recipients contradicts, and of recipients that a
    /// look-up shows otherwise than a page.
    package func contradictions(of id: Campaign.ID = makeID()) async throws -> [String] {
        let all = try await everybody(of: id)
        let counts = try await counts(of: id)
        var found = Recipient.Status.allCases
            .filter { status in counts[status] != all.count { $0.status == status } }
            .map(\.rawValue)
        for recipient in all where try await self.recipient(recipient.account, of: id) != recipient
        {
            found.append(recipient.account.text)
        }
        return found
    }
}
