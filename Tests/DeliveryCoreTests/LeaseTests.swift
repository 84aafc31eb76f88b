import DeliveryCore
import Testing

/// A standby waits out the leader's patience; a leader stops calling before that.
@Suite struct LeaseTests {
    private func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64(seconds * 1_000_000_000))
    }

    private let mark = LeaseMark(epoch: 3, beat: 70)

    @Test func `a mark that stands still for the patience is taken over`() {
        var watch = LeaseWatch(patience: .seconds(6))
        for second in 0..<6 {
            let decision = watch.saw(mark, asked: at(Double(second)), answered: at(Double(second)))
            #expect(decision == .wait)
        }
        #expect(watch.saw(mark, asked: at(6), answered: at(6)) == .takeOver(mark))
    }
}
