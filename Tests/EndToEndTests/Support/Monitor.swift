import Foundation
import Synchronization

/// A value that some threads change and others wait for.
///
/// Every wait of these tests goes through one, so that none of them sleeps or looks again and again.
final class Monitor<Value: Sendable>: Sendable {
    private let condition = NSCondition()
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    /// What the value is now.
    var current: Value { value.withLock { $0 } }

    /// Changes the value and wakes whoever waits for it.
    func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        let result = value.withLock { value in
            var copy = value
            let result = body(&copy)
            value = copy
            return result
        }
        condition.broadcast()
        return result
    }

    /// Waits until the value has what is looked for; nil if it hasn't after so many seconds.
    func wait<Found>(seconds: Double, for find: (Value) -> Found?) -> Found? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let found = find(current) { return found }
            guard condition.wait(until: deadline) else { return find(current) }
        }
    }
}
