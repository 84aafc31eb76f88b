import DeliveryCore
import DeliveryEngine
import Digests
import HTTPTypes
import HummingbirdCore
import JSON
import Synchronization

extension CampaignController {
    func create(_ request: APIRequest) async throws -> Response {
        if let key = try request.idempotencyKey() { return try await createOnce(key, request) }
        let body = try await request.jsonBody(limit: configuration.bodySizeLimit)
        let now = time.now()
        return try await LongWork.over(body.count) {
            try await submit(body, for: nil, now: now, request)
        }
    }

    /// Creates a campaign once, however often a client that lost the response asks.
    private func createOnce(
        _ key: KeyedRequest.Key,
        _ request: APIRequest
    ) async throws -> Response {
        guard runningKeys.begin(key) else {
            throw Problem.retryLater(
                .keyInUse,
                "the first request with this Idempotency-Key is still running; nothing was done",
                seconds: 1
            )
        }
        defer { runningKeys.end(key) }
        let body = try await request.jsonBody(limit: configuration.bodySizeLimit)
        let digest = await LongWork.over(body.count) { SHA256.digest(of: body) }
        let now = time.now()
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
            return created(first.campaign, first.body)
        }
        let keyed = KeyedRequest(key: key, digest: digest) { [encoder] campaign in
            encoder.bytes(campaign)
        }
        return try await LongWork.over(body.count) {
            try await submit(body, for: keyed, now: now, request)
        }
    }

    /// Checks a campaign's document, stores it and has it sent if it starts.
    private func submit(
        _ body: [UInt8],
        for keyed: KeyedRequest?,
        now: Now,
        _ request: APIRequest
    ) async throws -> Response {
        let campaign = try NewCampaign(
            document: body,
            id: ids.make(at: now.timestamp),
            rules: .init(message: rules, configuration: configuration, now: now.timestamp)
        )
        do {
            let submission = Submission(to: campaigns, deliveries)
            let stored = try await submission.submit(campaign, for: keyed, now: now)
            audit.record(request, "create", campaign.id)
            // What is remembered is what is sent, though its end is reckoned from the present.
            let text = stored.answer ?? encoder.bytes(stored.campaign)
            return created(campaign.id, text)
        } catch {
            throw Problem(error)
        }
    }

    private func created(_ id: Campaign.ID, _ body: [UInt8]) -> Response {
        Response(.created, headers: [.location: "/v1/campaigns/\(id)"], bytes: body)
    }
}

extension APIRequest {
    /// The client's key for this request; nil if it has none.
    fileprivate func idempotencyKey() throws(Problem) -> KeyedRequest.Key? {
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
        return KeyedRequest.Key(caller: principal.name, bytes: bytes)
    }
}

/// The keys whose first request is being handled.
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

/// Makes the ids of new campaigns from the random bits that the endpoint was given.
struct CampaignIDs: RandomNumberGenerator, Sendable {
    let draw: @Sendable () -> UInt64

    func make(at time: Timestamp) -> Campaign.ID {
        var bits = self
        return Campaign.ID(at: time, using: &bits)
    }

    mutating func next() -> UInt64 { draw() }
}
