import Synchronization

/// Tells once that everything has arrived that was waited for.
final class StartupLatch: Sendable {
    private let missing: Mutex<Int>
    private let whenComplete: @Sendable () -> Void

    init(waitingFor count: Int, whenComplete: @escaping @Sendable () -> Void) {
        missing = Mutex(count)
        self.whenComplete = whenComplete
    }

    /// Whether everything has arrived.
    var isComplete: Bool { missing.withLock { $0 <= 0 } }

    /// One of them has arrived.
    func arrived() {
        let isComplete = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isComplete { whenComplete() }
    }
}
