import Synchronization

/// Calls back once, when a number of parts have started.
final class StartupLatch: Sendable {
    private let missing: Mutex<Int>
    private let whenComplete: @Sendable () -> Void

    init(waitingFor count: Int, whenComplete: @escaping @Sendable () -> Void) {
        missing = Mutex(count)
        self.whenComplete = whenComplete
    }

    /// Whether all parts have started.
    var isComplete: Bool { missing.withLock { $0 <= 0 } }

    /// Another part has started.
    func arrived() {
        let isComplete = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isComplete { whenComplete() }
    }
}
