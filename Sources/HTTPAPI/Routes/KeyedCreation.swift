import Crypto
import DeliveryCore
import DeliveryEngine
import HTTPTypes
import Hummingbird
import Synchronization

/// The keys whose first request is being answered now.
///
/// They needn't be durable: a request that a crash ends is no longer running.
final class RunningKeys: Sendable {
    private let keys = Mutex<Set<KeyedRequest.Key>>([])

    /// Takes a key; false if another request has it.
    func begin(_ key: KeyedRequest.Key) -> Bool {
        keys.withLock { $0.insert(key).inserted }
    }

    func end(_ key: KeyedRequest.Key) {
        keys.withLock { _ = $0.remove(key) }
    }
}

extension EndpointResponder {
    /// Creates a campaign once, however often a client that lost the answer asks.
    func createOnce(_ key: KeyedRequest.Key, _ call: Call) async throws -> Response {
        guard runningKeys.begin(key) else {
            throw Problem.retryLater(
                .keyInUse,
                "the first request with this Idempotency-Key is still running; nothing was done",
                seconds: 1
            )
        }
        defer { runningKeys.end(key) }
        let body = try await call.jsonBody(limit: configuration.bodySizeLimit)
        let digest = await LongWork.over(body.count) { Array(SHA256.hash(data: body)) }
        let now = now()
        let first: KeyedAnswer?
        do {
            first = try await campaigns.answer(to: key, now: now.timestamp)
        } catch {
            throw Problem(error)
        }
        // Before the body is checked: what was good then, such as `expires_at`, may not be now.
        if let first {
            guard first.digest == digest else {
                throw Problem(
                    .keyReused,
                    "this Idempotency-Key came with another body; a new request needs a new key"
                )
            }
            return creation(of: first.campaign, first.body)
        }
        let deliveries = deliveries
        let written = Mutex<[UInt8]?>(nil)
        let request = KeyedRequest(key: key, digest: digest) { campaign in
            // The answer is part of the transaction: what is remembered is what is answered, so it
            // is written once, though its end is reckoned from the present.
            written.withLock { written in
                let text = written ?? Self.text(of: campaign, deliveries.progress(of: campaign))
                written = text
                return text
            }
        }
        let campaign = try await LongWork.over(body.count) {
            try await create(body, for: request, now: now, call)
        }
        return creation(of: campaign.id, request.answer(campaign))
    }
}

extension Call {
    /// The client's key for this request; nil if it has none.
    func idempotencyKey() throws(Problem) -> KeyedRequest.Key? {
        guard let name = HTTPField.Name("Idempotency-Key") else { return nil }
        let values = request.headers[values: name]
        guard let value = values.first else { return nil }
        let bytes = Array(value.utf8)
        guard values.count == 1, (1...255).contains(bytes.count) else {
            throw Problem(
                .badRequest,
                "Idempotency-Key comes once and has 1 to 255 bytes; there are \(values.count), "
                    + "the first with \(bytes.count) bytes"
            )
        }
        return KeyedRequest.Key(caller: caller.name, bytes: bytes)
    }
}
