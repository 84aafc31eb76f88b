/// Lets a test wait for what happens elsewhere instead of sleeping.
package final class Signals<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    package func send(_ value: Value) { continuation.yield(value) }

    /// The first value for which this is true, of those not waited for yet.
    @discardableResult
    package func first(where isWanted: (Value) -> Bool = { _ in true }) async -> Value? {
        for await value in stream where isWanted(value) { return value }
        return nil
    }
}
