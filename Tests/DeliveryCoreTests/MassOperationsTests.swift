import DeliveryCore
import TestSupport
import Testing

/// Steps of retries, closings and sweeps, and the rests between them.
struct MassOperationsTests {
    private let one = Dispatcher.Request(id: 1)
    /// When the rest after a step at 1 s is over.
    private let rested = at(1).instant.advanced(by: .milliseconds(25))

    /// The writes that go into a commit then.
    private func steps(_ operations: inout MassOperations, _ seconds: Double) -> [Write] {
        operations.steps(.seconds(600), now: at(seconds)).due.map { $0.write(ServiceRecord()) }
    }

    private func next(_ operations: MassOperations, _ seconds: Double) -> Instant? {
        var copy = operations
        return copy.steps(.seconds(600), now: at(seconds)).next
    }

    @Test func `a commit holds one step of each kind, after a rest`() {
        var operations = MassOperations()
        operations.restore([makeID(1), makeID(2)])
        for number in 3...4 {
            let write = Write.retry(makeID(UInt64(number)), RetryFilter())
            operations.add(.change(one, write))
        }
        operations.sweep(at: at(0).instant)
        let sweep = Write.sweep(.init(untouchedSince: at(-600).timestamp))
        #expect(
            steps(&operations, 0) == [
                .retry(makeID(3), RetryFilter()), .close(makeID(1)), sweep,
            ]
        )
        operations.stepped(now: at(1).instant)
        #expect(steps(&operations, 1.024).isEmpty)
        #expect(next(operations, 1.024) == rested)
        #expect(
            steps(&operations, 1.026) == [
                .retry(makeID(4), RetryFilter()), .close(makeID(2)),
            ]
        )
        #expect(next(operations, 1.1) == nil)
        operations.sweep(at: at(9).instant)
        operations.close(makeID(5), now: at(1).instant)
        #expect(next(operations, 1.024) == rested)
        #expect(steps(&operations, 1.026) == [.close(makeID(5))])
        #expect(next(operations, 1.1) == at(9).instant)
    }

    @Test func `a campaign is closed once, however often it is named`() {
        var operations = MassOperations()
        operations.close(makeID(), now: at(1).instant)
        operations.close(makeID(), now: at(1).instant)
        #expect(steps(&operations, 1.024).isEmpty, "what ended it goes first")
        #expect(steps(&operations, 2) == [.close(makeID())])
        #expect(steps(&operations, 2).isEmpty)
        operations.close(makeID(2), now: at(2).instant)
        operations.closeAgain(makeID())
        #expect(steps(&operations, 3) == [.close(makeID())])
    }

    @Test func `a drain ends the retries that wait`() {
        var operations = MassOperations()
        operations.add(.change(one, .retry(makeID(), RetryFilter())))
        #expect(operations.endRetries() == [one])
        #expect(operations.endRetries().isEmpty)
        #expect(steps(&operations, 9).isEmpty)
    }

    @Test func `a sweep goes on soon while it finds something, and rests after a fault`() {
        var operations = MassOperations()
        operations.sweep(at: at(0).instant)
        #expect(steps(&operations, 0).count == 1)
        #expect(next(operations, 9) == nil, "one step at a time")
        operations.swept(hasMore: true, interval: .seconds(3_600), now: at(1).instant)
        #expect(next(operations, 1) == rested)
        operations.swept(hasMore: false, interval: .seconds(3_600), now: at(1).instant)
        #expect(next(operations, 1) == at(3_601).instant)
        operations.swept(hasMore: false, interval: nil, now: at(1).instant)
        #expect(next(operations, 1) == nil)
        operations.sweepFailed(now: at(1).instant)
        #expect(next(operations, 1) == at(61).instant)
    }
}
