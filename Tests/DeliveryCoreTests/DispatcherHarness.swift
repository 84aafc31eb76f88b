import DeliveryCore
import TestSupport

/// A dispatcher under test, and the short way to tell it things.
struct DispatcherHarness {
    var dispatcher: Dispatcher
    /// The first of a call's numbers that the dispatcher draws.
    let firstRandom: UInt32

    static let limits = Limits()

    init(limits: Limits = DispatcherHarness.limits, seed: UInt64 = 1, fingerprint: String = "f") {
        dispatcher = Dispatcher(limits: limits, fingerprint: fingerprint, seed: seed, now: at(0))
        var random = SplitMix64(seed: seed)
        firstRandom = UInt32.random(in: 0...UInt32.max, using: &random)
    }

    /// One that runs and whose first call is out; what else the campaign has is being claimed.
    static func calling(
        _ batch: Batch = makeBatch(),
        work: CampaignWork = makeWork(fresh: 3),
        limits: Limits = DispatcherHarness.limits
    ) -> DispatcherHarness {
        var harness = DispatcherHarness(limits: limits)
        var first = work
        first.freshCount = batch.accounts.count
        _ = harness.tell(.restored(Restored(campaigns: [first])), 0)
        var left = work
        left.freshCount -= batch.accounts.count
        _ = harness.tell(.committed([.claimed(batch, left)]), 0)
        return harness
    }

    mutating func tell(
        _ event: Dispatcher.Event,
        _ seconds: Double
    ) -> [Dispatcher.Effect] {
        dispatcher.handle(event, now: at(seconds))
    }

    mutating func answer(_ outcome: Outcome, _ seconds: Double) -> [Dispatcher.Effect] {
        answer(1, outcome, seconds)
    }

    mutating func answer(
        _ number: Int64,
        _ outcome: Outcome,
        _ seconds: Double
    ) -> [Dispatcher.Effect] {
        tell(.answered(Batch.ID(rawValue: number), outcome), seconds)
    }

    var held: Int {
        var copy = dispatcher
        // Before everything: nothing is let go by looking.
        return copy.windowUsed(at(-1_000))
    }
}

extension [Dispatcher.Effect] {
    /// The writes of the commits asked for.
    var writes: [Write] {
        flatMap { effect in
            if case .commit(let writes) = effect { writes } else { [Write]() }
        }
    }

    var calls: [Batch.ID] {
        compactMap { effect in
            if case .call(let batch) = effect { batch.id } else { nil }
        }
    }

    var claims: [Write.Claim] {
        writes.compactMap { write in
            if case .claim(let claim) = write { claim } else { nil }
        }
    }

    var reclaims: [Batch.ID] {
        writes.compactMap { write in
            if case .reclaim(let reclaim) = write { reclaim.batch } else { nil }
        }
    }

    var resolutions: [Resolution] {
        writes.compactMap { write in
            if case .record(let record) = write { record.resolution } else { nil }
        }
    }

    var wakes: [Instant] {
        compactMap { effect in
            if case .wake(let instant) = effect { instant } else { nil }
        }
    }

    var replies: [Dispatcher.Reply] {
        compactMap { effect in
            if case .reply(_, let reply) = effect { reply } else { nil }
        }
    }

    var services: [ServiceRecord] {
        writes.compactMap { write in
            if case .service(let record) = write { record } else { nil }
        }
    }
}
