package import DeliveryCore
import DeliveryEngine
import Metrics
package import PrometheusText
import Synchronization

/// Counts calls and commits through swift-metrics, and passes events on.
///
/// Each call and commit is counted once; only refused accounts are read one by one.
package final class DeliveryMetrics: DeliveryObserver {
    private let registry: MetricRegistry
    private let calls: [CallResult: Counter]
    private let resent: Counter
    private let callDuration: Metrics.Timer
    private let commitDuration: Metrics.Timer
    private let jobs: JobMetrics
    private let errors: Mutex<[Int: Counter]>

    package init() {
        registry = MetricRegistry(Self.declarations + JobMetrics.declarations)
        let registry = registry
        let results = CallResult.allCases.map { result in
            let labels = [("result", result.rawValue)]
            return (
                result,
                Counter(label: "fanoutd_calls_total", dimensions: labels, factory: registry)
            )
        }
        calls = Dictionary(uniqueKeysWithValues: results)
        resent = Counter(
            label: "fanoutd_resent_recipients_total",
            dimensions: [],
            factory: registry
        )
        callDuration = Timer(
            label: "fanoutd_call_duration_seconds",
            dimensions: [],
            factory: registry
        )
        commitDuration = Timer(
            label: "fanoutd_store_commit_duration_seconds",
            dimensions: [],
            factory: registry
        )
        errors = Mutex([:])
        jobs = JobMetrics(registry)
    }

    package var families: [MetricFamily] { registry.families }

    package func committed(took duration: Duration) {
        commitDuration.recordNanoseconds(duration.nanoseconds)
    }

    package func answered(_ outcome: Outcome, _ batch: Batch, took duration: Duration) {
        callDuration.recordNanoseconds(duration.nanoseconds)
        calls[CallResult(outcome)]?.increment()
        for (code, count) in outcome.errorCounts(of: batch.accounts.count) {
            counter(of: code).increment(by: count)
        }
    }

    package func jobAnswered(_ kind: Job.Kind, _ answer: JobAnswer) {
        jobs.answered(kind, answer)
    }

    package func jobSettled(_ kind: Job.Kind, _ tally: Job.Tally) {
        jobs.settled(kind, tally)
    }

    package func report(_ report: Dispatcher.Report) {
        if case .resent(_, let count) = report { resent.increment(by: count) }
    }

    /// More than the provider's codes; ever new codes in answers must not fill the memory.
    private static let codeLimit = 200

    private func counter(of code: Int) -> Counter {
        errors.withLock { errors in
            if let found = errors[code] { return found }
            let label = errors.count < Self.codeLimit ? "\(code)" : "other"
            let counter = Counter(
                label: "fanoutd_errors_total",
                dimensions: [("code", label)],
                factory: registry
            )
            if errors.count < Self.codeLimit { errors[code] = counter }
            return counter
        }
    }
}

extension DeliveryMetrics {
    private static let declarations: [MetricRegistry.Declaration] = [
        .init(
            "fanoutd_resent_recipients_total",
            .counter,
            "Recipients of calls that were repeated since their outcome was unknown."
        ),
        .init("fanoutd_calls_total", .counter, "Calls to the provider, by how they ended."),
        .init(
            "fanoutd_errors_total",
            .counter,
            "Recipients that an answer didn't accept, by the provider's code;"
                + " all of a call's where it was refused as a whole."
        ),
        .init(
            "fanoutd_call_duration_seconds",
            .histogram,
            "How long calls to the provider took.",
            bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
        ),
        .init(
            "fanoutd_store_commit_duration_seconds",
            .histogram,
            "How long commits of the sending loop took, until they were durable.",
            bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
        ),
    ]
}

/// How a call ended, as the label of a metric.
private enum CallResult: String, CaseIterable {
    /// Every recipient was accepted.
    case accepted
    /// Some recipients were refused one by one.
    case partial
    case throttled
    case refused
    case notSent = "not_sent"
    case unknown

    init(_ outcome: Outcome) {
        self =
            switch outcome {
            case .answered(_, let refused): refused.isEmpty ? .accepted : .partial
            case .refused(.throttled, _, _): .throttled
            case .refused: .refused
            case .notSent: .notSent
            case .unknown: .unknown
            }
    }
}

extension Outcome {
    /// The call's recipients by the provider's code.
    fileprivate func errorCounts(of count: Int) -> [Int: Int] {
        switch self {
        case .answered(_, let refused):
            refused.reduce(into: [:]) { $0[$1.code, default: 0] += 1 }
        case .refused(_, let code, _): [code: count]
        case .unknown(let cause): cause.code.map { [$0: count] } ?? [:]
        case .notSent: [:]
        }
    }
}
