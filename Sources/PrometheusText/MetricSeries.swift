import CoreMetrics
import Synchronization

/// A count that only grows.
final class CounterSeries: CounterHandler, Sendable {
    private let count = Mutex<Int64>(0)

    func increment(by amount: Int64) {
        precondition(amount >= 0, "a counter can't shrink")
        count.withLock { $0 = $0.addingReportingOverflow(amount).partialValue }
    }

    func reset() { count.withLock { $0 = 0 } }

    var samples: [MetricFamily.Sample] { [.init(Double(count.withLock { $0 }))] }
}

/// A value that goes up and down.
final class GaugeSeries: RecorderHandler, MeterHandler, Sendable {
    private let value = Mutex<Double>(0)

    func record(_ new: Int64) { set(Double(new)) }
    func record(_ new: Double) { set(new) }
    func set(_ new: Int64) { set(Double(new)) }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }

    var samples: [MetricFamily.Sample] { [.init(value.withLock { $0 })] }
}

/// How long something took, sorted into buckets that are fixed from the start.
final class HistogramSeries: TimerHandler, Sendable {
    private struct State {
        /// How many fell into each bucket and none below; the last is beyond all bounds.
        var counts: [Int]
        var sum = 0.0
    }

    /// The upper bounds in seconds, ascending; a duration equal to one is within it.
    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += seconds
        }
    }

    /// Each bucket counts all that are within its bound, those of lower buckets too.
    var samples: [MetricFamily.Sample] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var samples: [MetricFamily.Sample] = []
        var total = 0
        for (count, bound) in zip(counts, bounds + [.infinity]) {
            total += count
            let label = MetricFamily.Label("le", MetricFamily.text(of: bound))
            samples.append(.init(Double(total), [label], suffix: "_bucket"))
        }
        samples.append(.init(sum, suffix: "_sum"))
        samples.append(.init(Double(total), suffix: "_count"))
        return samples
    }
}
