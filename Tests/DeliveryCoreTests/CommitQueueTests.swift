import DeliveryCore
import TestSupport
import Testing

/// What waits for a commit, what is in it, and what a fault of the store does to both.
struct CommitQueueTests {
    private let id = makeID()
    private let full = CommitFault.full("no room")

    private func close(_ number: UInt64) -> Write { .close(makeID(number)) }

    private func make(_ closings: ClosedRange<UInt64>) -> CommitQueue {
        var queue = CommitQueue()
        for number in closings { queue.add(.close(makeID(number))) }
        return queue
    }

    @Test func `what comes in while a commit is out waits for the next one`() {
        var queue = make(1...2)
        #expect(queue.readiness(now: at(0).instant) == .ready)
        #expect(queue.take(ServiceRecord()) == [close(1), close(2)])
        #expect(queue.readiness(now: at(0).instant) == .busy)
        queue.add(.close(makeID(3)))
        #expect(queue.succeeded().writes.count == 2)
        #expect(queue.take(ServiceRecord()) == [close(3)])
        #expect(!queue.isEmpty, "a commit is out")
        _ = queue.succeeded()
        #expect(queue.isEmpty)
        #expect(queue.take(ServiceRecord()).isEmpty)
        #expect(queue.readiness(now: at(0).instant) == .ready, "nothing is out")
    }

    @Test func `a commit takes all that is the dispatcher's, and so many requests`() {
        var queue = CommitQueue()
        for number in 1...250 {
            queue.add(.change(Dispatcher.Request(id: number), .delete(id)))
            queue.add(.transition(id, .expire))
        }
        var counts: [Int] = []
        repeat {
            counts.append(queue.take(ServiceRecord()).count)
            _ = queue.succeeded()
        } while !queue.isEmpty
        #expect(counts == [350, 100, 50])
    }

    @Test func `a failed commit is tried again a second later, before what came in since`() {
        var queue = make(1...1)
        _ = queue.take(ServiceRecord())
        queue.add(.close(makeID(2)))
        let failed = queue.failed(full, now: at(0).instant)
        queue.putBack(failed.writes)
        #expect(queue.fault?.cause == full && queue.fault?.retryAt == at(1).instant)
        #expect(queue.readiness(now: at(0.9).instant) == .waits(until: at(1).instant))
        #expect(queue.readiness(now: at(1).instant) == .ready)
        #expect(queue.take(ServiceRecord()) == [close(1), close(2)])
        #expect(queue.fault != nil, "until a commit succeeds")
        _ = queue.succeeded()
        #expect(queue.fault == nil)
    }

    @Test func `a fault of something else than a commit puts off no retry`() {
        var queue = make(1...1)
        queue.storeFailed(full, now: at(0).instant)
        queue.storeFailed(.failed("I/O error"), now: at(0.9).instant)
        #expect(queue.fault?.cause == full && queue.fault?.retryAt == at(1).instant)
    }

    @Test func `the service's record is what it is when the commit is made`() {
        var (queue, paused) = (CommitQueue(), ServiceRecord())
        paused.isPaused = true
        queue.add(.service(nil))
        #expect(!queue.hasServiceRequest, "a halt is no operator's")
        queue.add(.service(Dispatcher.Request(id: 1)))
        #expect(queue.hasServiceRequest)
        #expect(queue.take(paused) == [.service(paused), .service(paused)])
        #expect(!queue.hasServiceRequest)
        #expect(queue.durableService == ServiceRecord())
        let commit = queue.succeeded()
        queue.serviceIsDurable(commit.service)
        #expect(queue.durableService == paused)
    }

    @Test func `a commit that nobody asked for is refused`() async {
        await #expect(processExitsWith: .failure) {
            var queue = CommitQueue()
            _ = queue.succeeded()
        }
        await #expect(processExitsWith: .failure) {
            var queue = CommitQueue()
            for _ in 1...2 {
                queue.add(.close(makeID()))
                _ = queue.take(ServiceRecord())
            }
        }
    }
}
