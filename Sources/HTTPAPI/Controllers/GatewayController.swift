import DeliveryCore
import DeliveryEngine
import Digests
import HTTPTypes
import HummingbirdCore
import Logging

/// The provider's own call, taken in as a campaign that starts at once.
///
/// Whatever comes of it is the provider's envelope with status 200, as the provider answers.
struct GatewayController: RouteGroup {
    let gateway: any Gateway
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let rules: any MessageRules
    let configuration: EndpointConfiguration
    let time: any TimeSource
    let ids: CampaignIDs
    let runningKeys: RunningKeys
    let quietLog: QuietLog
    let audit: AuditLog

    var routes: [Route] {
        Self.routes(of: gateway, takeIn: takeIn) { refuse($0) }
    }

    /// The provider's paths: one is taken in, all others are refused.
    static func routes(
        of gateway: any Gateway,
        takeIn: @escaping Route.Handler,
        refuse: @escaping @Sendable (GatewayRefusal) -> Response
    ) -> [Route] {
        let place = gateway.place
        return [
            Route(
                .post,
                place.path,
                query: place.query,
                access: .open,
                provided: .path,
                takeIn
            ),
            Route(
                .post,
                place.otherPaths,
                access: .open,
                provided: .everything(below: place.prefix)
            ) { _ in refuse(gateway.refusal(.unknownCommand)) },
        ]
    }

    private func takeIn(_ request: APIRequest) async throws -> Response {
        do {
            let now = time.now().timestamp
            let name = try gateway.caller(in: request.query.pairs, now: now).get()
            var body = try await wholeBody(of: request)
            let envelope = try await LongWork.over(body.count) {
                try await takeOnce(&body, from: name, request)
            }
            return Response(bytes: envelope)
        } catch let refusal as GatewayRefusal {
            return refuse(refusal)
        }
    }

    private func wholeBody(of request: APIRequest) async throws -> [UInt8] {
        let limit = configuration.gatewayBodySizeLimit
        do {
            return try await request.wholeBody(limit: limit)
        } catch let problem where problem.slug == .tooLarge {
            throw gateway.refusal(.tooLarge(limit: limit))
        } catch let problem where problem.slug == .tooBusy {
            throw gateway.refusal(.queue(.failed(problem.detail)))
        }
    }

    /// Stores a call once, however often a client that lost the envelope posts it.
    ///
    /// Takes the body away once it is read through: what is stored of it may take as much again.
    /// Whatever tells one call of the provider's from another stands in the body, and so does its
    /// digest.
    private func takeOnce(
        _ body: inout [UInt8],
        from caller: String,
        _ request: APIRequest
    ) async throws -> [UInt8] {
        let digest = SHA256.digest(of: body)
        let key = KeyedRequest.Key(caller: "\(gateway.place.path) \(caller)", bytes: digest)
        guard runningKeys.begin(key) else { throw gateway.refusal(.running) }
        defer { runningKeys.end(key) }
        let now = time.now()
        do throws(QueueError) {
            if let first = try await campaigns.answer(to: key, now: now.timestamp) {
                return first.body
            }
        } catch {
            throw gateway.refusal(.queue(error))
        }
        let packetLimit = configuration.limits().packetBytes
        let content = try gateway.call(in: body, packetLimit: packetLimit).get()
        body = []
        let keyed = KeyedRequest(key: key, digest: digest) { gateway.acceptance(of: $0.id) }
        let campaign = NewCampaign(
            id: ids.make(at: now.timestamp),
            name: gateway.place.name,
            message: content.message,
            settings: Campaign.Settings(
                priority: configuration.defaultPriority,
                onUnknown: policy(for: content.message),
                sendBetween: configuration.defaultSendBetween()
            ),
            recipients: content.recipients,
            start: true
        )
        do throws(QueueError) {
            let submission = Submission(to: campaigns, deliveries)
            let created = try await submission.submit(campaign, for: keyed, now: now)
            let user = request.principal == .anyone ? "" : ", \(request.principal.name)"
            let id = created.campaign.id
            audit.record(request, "create", id, caller: "gateway \(caller)\(user)")
            return created.answer ?? gateway.acceptance(of: id)
        } catch {
            throw gateway.refusal(.queue(error))
        }
    }

    /// What is done about calls of unknown outcome: a message that is kept in no history can't be
    /// looked up, and its caller knows nothing of policies, so it goes out again.
    private func policy(for message: CheckedMessage) -> UnknownPolicy {
        let policy = configuration.defaultOnUnknown
        return policy == .verify && !rules.leavesHistory(message) ? .resend : policy
    }

    private func refuse(_ refusal: GatewayRefusal) -> Response {
        refusal.response(notedIn: quietLog)
    }
}

extension GatewayRefusal {
    func response(notedIn log: QuietLog) -> Response {
        log.log(LogLine(.notice, "Refused a call", ["reason": "\(summary)"], kind: summary))
        return Response(bytes: answer)
    }
}
