package import CoreMetrics
import Synchronization

/// Keeps what is counted and measured through swift-metrics, so that it can be read as a whole.
///
/// Every name is declared beforehand: so there is a help text for each, and a misspelt one is
/// found at the start. The same name and labels are always the same series.
package final class MetricRegistry: MetricsFactory, Sendable {
    private enum Handler: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)

        var samples: [MetricFamily.Sample] {
            switch self {
            case .counter(let series): series.samples
            case .gauge(let series): series.samples
            case .histogram(let series): series.samples
            }
        }
    }

    private struct Series: Sendable {
        let labels: [MetricFamily.Label]
        let handler: Handler
    }

    /// A name to come, and the bounds of a histogram's buckets in seconds.
    package struct Declaration: Sendable {
        let family: MetricFamily
        let bounds: [Double]

        package init(
            _ name: String,
            _ kind: MetricFamily.Kind,
            _ help: String,
            bounds: [Double] = []
        ) {
            family = MetricFamily(name, kind, help)
            self.bounds = bounds
        }
    }

    private let declarations: [Declaration]
    private let series = Mutex<[String: [Series]]>([:])

    package init(_ declarations: [Declaration]) {
        let names = Set(declarations.map(\.family.name))
        precondition(names.count == declarations.count, "a metric is declared twice")
        self.declarations = declarations
    }

    /// Everything measured so far, in the order of the declarations.
    package var families: [MetricFamily] {
        let series = series.withLock { $0 }
        return declarations.map { declaration in
            var family = declaration.family
            family.samples = (series[family.name] ?? []).flatMap { line in
                line.handler.samples.map { sample in
                    .init(sample.value, line.labels + sample.labels, suffix: sample.suffix)
                }
            }
            return family
        }
    }

    /// Finds the series of a name and labels, or makes it.
    private func handler(
        _ name: String,
        _ dimensions: [(String, String)],
        _ kind: MetricFamily.Kind
    ) -> Handler {
        guard let declaration = declarations.first(where: { $0.family.name == name }),
            declaration.family.kind == kind
        else { preconditionFailure("no \(kind.rawValue) \(name) is declared") }
        let labels = dimensions.map { MetricFamily.Label($0.0, $0.1) }
        return series.withLock { series in
            if let found = series[name]?.first(where: { $0.labels == labels }) {
                return found.handler
            }
            let handler: Handler =
                switch kind {
                case .counter: .counter(CounterSeries())
                case .gauge: .gauge(GaugeSeries())
                case .histogram: .histogram(HistogramSeries(bounds: declaration.bounds))
                }
            series[name, default: []].append(Series(labels: labels, handler: handler))
            return handler
        }
    }

    private func gauge(_ name: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        guard case .gauge(let series) = handler(name, dimensions, .gauge) else {
            preconditionFailure("\(name) is no gauge")
        }
        return series
    }
}

extension MetricRegistry {
    package func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        guard case .counter(let series) = handler(label, dimensions, .counter) else {
            preconditionFailure("\(label) is no counter")
        }
        return series
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A recorder shows what was recorded last: durations are for timers.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let series) = handler(label, dimensions, .histogram) else {
            preconditionFailure("\(label) is no histogram")
        }
        return series
    }

    // A series stays: a counter that went away and came back would seem to have shrunk.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
