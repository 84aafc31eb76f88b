import DeliveryCore
import DeliveryEngine
import Synchronization

/// One leadership: the lease's mark as this node last wrote it, and until when it surely holds.
final class Term: Sendable {
    private let state: Mutex<State>
    /// Ends once the lease is lost.
    let loss: AsyncStream<Void>
    private let lossTold: AsyncStream<Void>.Continuation
    /// Is told of each mark that was committed.
    private let committed: @Sendable (LeaseMark) -> Void

    private struct State: Sendable {
        var mark: LeaseMark
        var hold: LeaseHold
        var isLost = false
        var inDoubt = 0
    }

    init(
        _ mark: LeaseMark,
        _ hold: LeaseHold,
        committed: @escaping @Sendable (LeaseMark) -> Void
    ) {
        state = Mutex(State(mark: mark, hold: hold))
        self.committed = committed
        (loss, lossTold) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        committed(mark)
    }

    var mark: LeaseMark { state.withLock { $0.mark } }
    var isLost: Bool { state.withLock { $0.isLost } }
    var beatDue: Instant { state.withLock { $0.hold.beatDue } }
    /// How many commits were in doubt.
    var inDoubt: Int { state.withLock { $0.inDoubt } }

    func allowsCall(at now: Instant) -> Bool {
        state.withLock { !$0.isLost && $0.hold.allowsCall(at: now) }
    }

    /// Takes note of an acknowledged commit.
    func proved(_ mark: LeaseMark, begunAt instant: Instant) {
        state.withLock { state in
            state.mark = mark
            state.hold.committed(begunAt: instant)
        }
        committed(mark)
    }

    func noteDoubt() { state.withLock { $0.inDoubt += 1 } }

    /// The row has another mark: for good, another node leads, or the database went back.
    func lose() -> QueueError {
        state.withLock { $0.isLost = true }
        lossTold.finish()
        return lostError
    }

    var lostError: QueueError {
        .failed(
            """
            another node has taken the lease of epoch \(mark.epoch) over, or the database went \
            back: this node writes nothing more, and stands by
            """
        )
    }
}
