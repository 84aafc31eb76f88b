import DeliveryCore
import Metrics
import PrometheusText

/// Counts the calls of jobs and what they came to.
///
/// The look-ups that the policy `verify` asks for count as those of a verification: they are the same
/// calls, in the same rate.
struct JobMetrics: Sendable {
    private let calls: [Job.Kind: [JobCallResult: Counter]]
    private let recipients: [Job.Kind: [Job.Result: Counter]]

    init(_ registry: MetricRegistry) {
        func counter(_ name: String, _ kind: Job.Kind, _ result: String) -> Counter {
            let labels = [("job", kind.rawValue), ("result", result)]
            return Counter(label: name, dimensions: labels, factory: registry)
        }
        func each<Result: Hashable>(
            _ counters: (Job.Kind) -> [(Result, Counter)]
        ) -> [Job.Kind: [Result: Counter]] {
            let pairs = Job.Kind.requested.map {
                ($0, Dictionary(uniqueKeysWithValues: counters($0)))
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        calls = each { kind in
            JobCallResult.allCases.map {
                ($0, counter("fanoutd_job_calls_total", kind, $0.rawValue))
            }
        }
        recipients = each { kind in
            kind.results.map { ($0, counter("fanoutd_job_recipients_total", kind, $0.rawValue)) }
        }
    }

    func answered(_ kind: Job.Kind, _ answer: JobAnswer) {
        calls[kind.shown]?[JobCallResult(answer)]?.increment()
    }

    func settled(_ kind: Job.Kind, _ tally: Job.Tally) {
        for result in kind.results where tally[result] > 0 {
            recipients[kind.shown]?[result]?.increment(by: tally[result])
        }
    }

    static let declarations: [MetricRegistry.Declaration] = [
        .init(
            "fanoutd_job_calls_total",
            .counter,
            "Calls of jobs to the provider, which send nothing, by how they ended."
        ),
        .init(
            "fanoutd_job_recipients_total",
            .counter,
            "Recipients that jobs are done with, by what became of them."
        ),
    ]
}

extension Job.Kind {
    /// The job that it is shown as.
    fileprivate var shown: Job.Kind { self == .settle ? .verify : self }
}

/// How a job's call ended, as the label of a metric.
private enum JobCallResult: String, CaseIterable {
    case answered
    case refused
    case notSent = "not_sent"
    case unknown

    init(_ answer: JobAnswer) {
        self =
            switch answer {
            case .check(.answered), .lookUp(.answered), .recall(.answered): .answered
            case .check(.refused), .lookUp(.refused), .recall(.refused): .refused
            case .check(.notSent), .lookUp(.notSent), .recall(.notSent): .notSent
            case .check(.unknown), .lookUp(.unknown), .recall(.unknown): .unknown
            }
    }
}
