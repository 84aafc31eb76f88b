/// Whether the provider can be used, and who may be addressed to find out.
///
/// The rule of attempts has three lines, and this is its place:
/// - *Reachable*: any batch goes. A call that may have been accepted spends an attempt, and so does
///   a refusal that another attempt may overcome.
/// - *Unreachable*, on the evidence of three calls in a row: first a probe, which addresses nobody,
///   with rests of 1 s to 1 min between two; once a probe is answered, one real batch as a trial,
///   with rests that grow to 5 min, until a call gets a useful answer.
/// - Whoever is addressed in an outage spends an attempt where the call may have been accepted, like
///   everybody else. Only a refusal is free, for `patience`: after that it is believed to be the
///   recipients' own, and the next time twice as much evidence is asked for.
package struct ProviderHealth: Sendable, Hashable {
    private var state = State.reachable(Evidence())
    /// What the last call or question without a useful answer got.
    package private(set) var trouble: Campaign.Reason?

    package init() {}

    private enum State: Sendable, Hashable {
        case reachable(Evidence)
        case unreachable(Outage)
    }

    /// What a call's end says about the provider.
    package enum News: Sendable, Hashable {
        /// The provider looked at the call and did with it what it does in good health.
        case useful
        /// Nobody knows whether the call was accepted.
        case unknown
        /// The call certainly didn't go out.
        case unsent
        /// Nobody was accepted, for a reason that may pass. Recipients who were refused before may
        /// well be refused again whatever the provider's health; so that counts as evidence only
        /// of those never addressed.
        case refused(isFirst: Bool)
    }

    /// Calls in a row without a useful answer: three of one batch say something about that batch.
    private struct Evidence: Sendable, Hashable {
        /// Refusals that make an outage; more after some were believed.
        let refusalLimit: Int
        /// Batches of unknown outcome, and calls that didn't go out.
        private var silent: [Batch.ID] = []
        private var refused: Set<Batch.ID> = []

        private static let limit = 3

        init(refusalLimit: Int = Evidence.limit) {
            self.refusalLimit = refusalLimit
        }

        var isConclusive: Bool {
            silent.count >= Self.limit || silent.count + refused.count >= refusalLimit
        }

        mutating func add(_ news: News, of batch: Batch.ID) {
            switch news {
            case .useful: self = Evidence()
            case .unsent: silent.append(batch)
            case .unknown: if !silent.contains(batch) { silent.append(batch) }
            case .refused(isFirst: true): refused.insert(batch)
            case .refused(isFirst: false): break
            }
        }
    }

    private struct Outage: Sendable, Hashable {
        let since: Instant
        var phase: Phase
        /// The refusals that it took, or would have taken.
        let refusalLimit: Int
        /// The rest after the next probe, or trial, that fails.
        var probeRest = ProviderHealth.probeRests.lowerBound
        var trialRest = ProviderHealth.trialRests.lowerBound
        var trials = FailedTrials()

        func excusesRefusals(now: Instant) -> Bool {
            now < since.advanced(by: ProviderHealth.patience)
        }

        mutating func rest(_ duration: Duration, now: Instant) {
            phase = .resting(until: now.advanced(by: duration))
        }
    }

    private enum Phase: Sendable, Hashable {
        case resting(until: Instant)
        /// A probe is out.
        case probing
        /// The last probe was answered: a trial may go, from an instant on.
        case admitting(from: Instant)
        /// A trial is out.
        case trying
    }

    private static let probeRests: ClosedRange<Duration> = .seconds(1)...(.seconds(60))
    private static let trialRests: ClosedRange<Duration> = .seconds(5)...(.seconds(300))
    /// For so long a refusal is the outage's: longer would keep recipients waiting who are refused
    /// for reasons of their own.
    private static let patience: Duration = .seconds(90 * 60)
    /// After no trial was found: a search goes over all campaigns that have work.
    private static let searchRest: Duration = .seconds(1)

    /// What may go now.
    package enum Gate: Sendable, Hashable {
        case anything
        case probe
        case trial
        /// Nothing, before an instant or, with nil, before what is out has come back.
        case nothing(until: Instant?)
    }

    package func gate(now: Instant) -> Gate {
        switch state {
        case .reachable: .anything
        case .unreachable(let outage):
            switch outage.phase {
            case .resting(let until): until <= now ? .probe : .nothing(until: until)
            case .probing, .trying: .nothing(until: nil)
            case .admitting(let from): from <= now ? .trial : .nothing(until: from)
            }
        }
    }

    package var isReachable: Bool {
        if case .reachable = state { true } else { false }
    }

    /// Whether the provider answers probes, so that only a trial can show more.
    package var isAdmitting: Bool {
        guard case .unreachable(let outage) = state, case .admitting = outage.phase else {
            return false
        }
        return true
    }

    /// Whether a trial is out that is waited for.
    package var isTrying: Bool { phase == .trying }

    /// Whether a probe is out that is waited for.
    package var isProbing: Bool { phase == .probing }

    private var phase: Phase? {
        if case .unreachable(let outage) = state { outage.phase } else { nil }
    }

    /// Failed trials of the outage; nil while the provider is reachable.
    package var failedTrials: FailedTrials? {
        if case .unreachable(let outage) = state { outage.trials } else { nil }
    }

    /// Whether a refusal of everybody in a call is the outage's, and so spends no attempt.
    package func excusesRefusals(now: Instant) -> Bool {
        guard case .unreachable(let outage) = state else { return false }
        return outage.excusesRefusals(now: now)
    }

    /// When it is asked or tried next; nil where it is reachable, or what is out must come back first.
    package func triedAt(now: Instant) -> Instant? {
        if case .nothing(let until) = gate(now: now) { until } else { nil }
    }

    // MARK: - What happens

    /// A call that wasn't a trial has ended.
    package mutating func ended(_ news: News, of batch: Batch.ID, now: Instant) {
        switch (state, news) {
        case (.reachable(var evidence), _):
            evidence.add(news, of: batch)
            guard evidence.isConclusive else {
                state = .reachable(evidence)
                return
            }
            let rest = Self.probeRests.lowerBound
            state = .unreachable(
                Outage(
                    since: now,
                    phase: .resting(until: now.advanced(by: rest)),
                    refusalLimit: evidence.refusalLimit
                )
            )
        case (.unreachable, .useful):
            state = .reachable(Evidence())
        case (.unreachable, .unknown), (.unreachable, .unsent), (.unreachable, .refused):
            // The call went out before the outage was known: its news is late.
            break
        }
    }

    /// A trial has ended.
    package mutating func tried(_ news: News, of campaign: Campaign.ID, now: Instant) {
        switch (state, news) {
        case (.reachable, _):
            // A call that was out before the trial has shown the provider at work meanwhile.
            break
        case (.unreachable, .useful):
            state = .reachable(Evidence())
        case (.unreachable(let outage), .refused) where !outage.excusesRefusals(now: now):
            state = .reachable(Evidence(refusalLimit: min(outage.refusalLimit, 1 << 20) * 2))
        case (.unreachable(var outage), .unknown), (.unreachable(var outage), .unsent),
            (.unreachable(var outage), .refused):
            outage.trials.add(campaign, isUnknown: news == .unknown)
            outage.rest(outage.trialRest, now: now)
            outage.trialRest = min(outage.trialRest * 2, Self.trialRests.upperBound)
            state = .unreachable(outage)
        }
    }

    /// A probe goes out, which `gate` has allowed.
    package mutating func probe() {
        guard case .unreachable(var outage) = state else {
            preconditionFailure("a provider that is reachable is probed")
        }
        outage.phase = .probing
        state = .unreachable(outage)
    }

    /// A trial goes out, which `gate` has allowed.
    package mutating func `try`() {
        guard case .unreachable(var outage) = state else {
            preconditionFailure("a provider that is reachable is tried")
        }
        outage.phase = .trying
        state = .unreachable(outage)
    }

    /// No campaign has anything to try with; it is looked for again at the instant returned.
    package mutating func foundNoTrial(now: Instant) -> Instant {
        guard case .unreachable(var outage) = state, case .admitting = outage.phase else {
            preconditionFailure("a trial is looked for that may not go")
        }
        let next = now.advanced(by: Self.searchRest)
        outage.phase = .admitting(from: next)
        state = .unreachable(outage)
        return next
    }

    /// A call or a question ended without a useful answer.
    package mutating func note(_ trouble: Campaign.Reason?) {
        if let trouble { self.trouble = trouble }
    }

    /// A probe has ended.
    package mutating func probed(isAnswered: Bool, now: Instant) {
        // Anything else but a probe that is out: the provider was reached, or replaced, meanwhile.
        guard case .unreachable(var outage) = state, outage.phase == .probing else { return }
        if isAnswered {
            outage.phase = .admitting(from: now)
            outage.probeRest = Self.probeRests.lowerBound
        } else {
            outage.probeRest = min(outage.probeRest * 2, Self.probeRests.upperBound)
            outage.rest(outage.probeRest, now: now)
        }
        state = .unreachable(outage)
    }

    /// Calls go elsewhere from now on, or in another name: what was learnt of the old place says
    /// nothing of the new one.
    package mutating func moved(now: Instant) {
        switch state {
        case .reachable: state = .reachable(Evidence())
        case .unreachable(let old):
            guard old.phase != .trying else { return }
            state = .unreachable(
                Outage(
                    since: now,
                    phase: .resting(until: now),
                    refusalLimit: Evidence().refusalLimit
                )
            )
        }
    }
}
