import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore

/// Campaigns: created, listed, shown, changed and deleted.
struct CampaignController: RouteGroup {
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let rules: any MessageRules
    let encoder: CampaignEncoder
    let configuration: EndpointConfiguration
    let time: any TimeSource
    let ids: CampaignIDs
    let runningKeys: RunningKeys
    /// The memory of responses that are made a page at a time.
    let pages: MemoryBudget
    let audit: AuditLog

    var routes: [Route] {
        [
            Route(.post, "/v1/campaigns", create),
            Route(
                .get,
                "/v1/campaigns",
                query: ["state", "name", "message", "limit", "cursor"],
                list
            ),
            Route(.get, "/v1/campaigns/{id}", show),
            Route(.get, "/v1/campaigns/{id}/explain", explain),
            Route(.patch, "/v1/campaigns/{id}", patch),
            Route(.delete, "/v1/campaigns/{id}", delete),
            Route(.post, "/v1/campaigns/{id}/start", start),
            Route(.post, "/v1/campaigns/{id}/pause") { try await move($0, .pause, "pause") },
            Route(.post, "/v1/campaigns/{id}/resume") { try await move($0, .resume, "resume") },
            Route(.post, "/v1/campaigns/{id}/cancel") { try await move($0, .cancel, "cancel") },
            Route(.post, "/v1/campaigns/{id}/retry", retry),
        ] + jobRoutes
    }

    private func list(_ request: APIRequest) async throws -> Response {
        var pieces = CampaignPageText(
            campaigns: campaigns,
            encoder: encoder,
            hasMessages: try request.query.flag("message", otherwise: true),
            filter: CampaignFilter(
                states: try request.query.cases("state", of: Campaign.State.self),
                name: try request.query.value("name") ?? ""
            ),
            before: try request.query.cursor { cursor -> Campaign.ID? in
                if case .campaign(let id) = cursor { id } else { nil }
            },
            rest: try request.query.limit(),
            totals: try await campaigns.totals()
        )
        let share = try pages.share(CampaignPageText.memory)
        // The first piece is made before the response begins, so that a failure has its status.
        let first = try await pieces.next()
        guard !pieces.isOver else { return Response(bytes: first).holding(share) }
        let rest = pieces
        let body = ResponseBody { writer in
            var pieces = rest
            try await writer.write(ByteBuffer(bytes: first))
            while !pieces.isOver {
                try await writer.write(ByteBuffer(bytes: try await pieces.next()))
            }
            try await writer.finish(nil)
        }
        return Response.stream(.json, body).holding(share)
    }

    private func show(_ request: APIRequest) async throws -> Response {
        show(try await campaigns.existing(try request.campaignID()))
    }

    func show(_ campaign: Campaign, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(status, bytes: encoder.bytes(campaign))
    }

    private func explain(_ request: APIRequest) async throws -> Response {
        let campaign = try await campaigns.existing(try request.campaignID())
        let takesIn = await campaigns.takesIn(campaign.id)
        let explanation = deliveries.explain(campaign, takesIn: takesIn)
        return .json { $0.explanation(explanation, of: campaign.state.rawValue) }
    }

    private func patch(_ request: APIRequest) async throws -> Response {
        let campaign = try await campaigns.existing(try request.campaignID())
        let body = try await request.jsonBody(
            [.mergePatch, .json],
            limit: configuration.bodySizeLimit
        )
        let now = time.now().timestamp
        let patch = try await LongWork.over(body.count) {
            try CampaignPatch(
                document: body,
                of: campaign,
                configuration: configuration,
                now: now
            )
        }
        let changed = try await change(
            campaign.id,
            .patch(patch),
            "patch",
            request,
            asking: "this patch"
        )
        return show(changed.campaign)
    }

    private func delete(_ request: APIRequest) async throws -> Response {
        _ = try await change(try request.campaignID(), .delete, "delete", request)
        return Response(status: .noContent)
    }

    /// Starts a draft, unless it would expire before it may send.
    private func start(_ request: APIRequest) async throws -> Response {
        let campaign = try await campaigns.existing(try request.campaignID())
        let now = time.now().timestamp
        if campaign.state == .draft,
            let late = campaign.settings.lateOpening(now: now, configuration.zones)
        {
            var problem = Problem(.wrongState, "\(late) (PATCH)")
            problem.state = campaign.state.rawValue
            throw problem
        }
        return try await move(request, .start, "start")
    }

    private func move(
        _ request: APIRequest,
        _ transition: Campaign.Transition,
        _ name: String
    ) async throws -> Response {
        let id = try request.campaignID()
        return show(try await change(id, .transition(transition), name, request).campaign)
    }

    private func retry(_ request: APIRequest) async throws -> Response {
        let id = try await campaigns.existing(try request.campaignID()).id
        let body = try await request.optionalJSONBody(limit: configuration.bodySizeLimit)
        let filter = try await LongWork.over(body.count) { try RetryFilter(document: body) }
        let changed = try await change(id, .retry(filter), "retry", request)
        return .object { $0.field("requeued", changed.requeued) }
    }

    func change(
        _ id: Campaign.ID,
        _ change: CampaignChange,
        _ name: String,
        _ request: APIRequest,
        asking phrase: String? = nil
    ) async throws(Problem) -> WriteResult.Change {
        do {
            let changed = try await deliveries.change(id, change)
            audit.record(request, name, id)
            return changed
        } catch {
            var problem = Problem(error, id, asking: phrase ?? name)
            if problem.slug.status == .conflict, problem.state == nil {
                problem.state = try await campaigns.existing(id).state.rawValue
            }
            throw problem
        }
    }
}

extension Campaigns {
    /// The campaign; where there is none that is the request's fault.
    func existing(_ id: Campaign.ID) async throws(Problem) -> Campaign {
        let found: Campaign?
        do {
            found = try await campaign(id)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw .noCampaign(id) }
        return found
    }
}
