import Crypto
import DeliveryCore
import DeliveryEngine
import Hummingbird
import Logging
import NIOCore

extension EndpointResponder {
    /// Takes in a call that was written for the provider, as a campaign that starts at once.
    ///
    /// Whatever comes of it is the provider's envelope with status 200, as the provider answers.
    func gatewayCall(_ call: Call) async throws -> Response {
        do {
            let name = try gateway.caller(in: call.query.pairs, now: now().timestamp).get()
            var body = try await gatewayBody(call)
            let id = try await LongWork.over(body.count) {
                try await takeOnce(&body, from: name, call)
            }
            return envelope(id)
        } catch let refusal as GatewayRefusal {
            return refuse(refusal)
        }
    }

    /// Answers the provider's other commands, none of which is carried out here.
    func unknownCommand() -> Response {
        refuse(gateway.refusal(.unknownCommand))
    }

    private func gatewayBody(_ call: Call) async throws -> [UInt8] {
        let limit = configuration.gatewayBodySizeLimit
        do {
            return try await call.wholeBody(limit: limit)
        } catch let problem where problem.slug == .tooLarge {
            throw gateway.refusal(.tooLarge(limit: limit))
        } catch let problem where problem.slug == .tooBusy {
            throw gateway.refusal(.queue(.failed(problem.detail)))
        }
    }

    /// Stores a call once, however often a client that lost the answer posts it; the answer.
    ///
    /// Takes the body away once it is read through: what is stored of it may take as much again.
    /// Sender, MsgSeq and MsgRandom stand in the body, so its digest tells one call from another.
    private func takeOnce(
        _ body: inout [UInt8],
        from caller: String,
        _ call: Call
    ) async throws -> [UInt8] {
        let digest = Array(SHA256.hash(data: body))
        let key = KeyedRequest.Key(caller: "\(Self.gatewayPath) \(caller)", bytes: digest)
        guard runningKeys.begin(key) else { throw gateway.refusal(.running) }
        defer { runningKeys.end(key) }
        let now = now()
        do throws(QueueError) {
            if let first = try await campaigns.answer(to: key, now: now.timestamp) {
                return first.body
            }
        } catch {
            throw gateway.refusal(.queue(error))
        }
        let content = try gateway.call(in: body, packetLimit: configuration.packetSizeLimit())
            .get()
        body = []
        let request = KeyedRequest(key: key, digest: digest) { gateway.acceptance(of: $0.id) }
        let campaign = NewCampaign(
            id: makeID(at: now.timestamp),
            name: "batchsendmsg",
            message: content.message,
            settings: Campaign.Settings(
                priority: configuration.defaultPriority,
                onUnknown: configuration.defaultOnUnknown
            ),
            recipients: content.recipients,
            start: true
        )
        do throws(QueueError) {
            let created = try await submission.submit(campaign, for: request, now: now)
            let user = call.caller == .anyone ? "" : ", \(call.caller.name)"
            audit(call, "create", created.id, caller: "gateway \(caller)\(user)")
            return gateway.acceptance(of: created.id)
        } catch {
            throw gateway.refusal(.queue(error))
        }
    }

    static let gatewayPath = "/v4/openim/batchsendmsg"

    private func refuse(_ refusal: GatewayRefusal) -> Response {
        let reason = refusal.summary
        quietLog.log(LogLine(.notice, "Refused a call", ["reason": "\(reason)"], kind: reason))
        return envelope(refusal.answer)
    }

    private func envelope(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: MediaType.json.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
