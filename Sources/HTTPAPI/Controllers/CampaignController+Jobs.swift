import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

// Jobs over a campaign's recipients, each asked for and stopped at a path of its own.
extension CampaignController {
    var jobRoutes: [Route] {
        Job.Kind.requested.flatMap { kind in
            let path = "/v1/campaigns/{id}/\(kind.rawValue)"
            return [
                Route(.post, path) { try await start(kind, $0) },
                Route(.delete, path) { try await stop(kind, $0) },
            ]
        }
    }

    private func start(_ kind: Job.Kind, _ request: APIRequest) async throws -> Response {
        let campaign = try await campaigns.existing(try request.campaignID())
        var callsPerSecond: Int?
        switch kind {
        case .recall:
            callsPerSecond = try await recallRate(request)
            // What is in no history can't be taken out of it, whatever the campaign's state.
            guard rules.leavesHistory(campaign.message) else {
                throw Problem.noHistory(campaign.state)
            }
        case .check, .verify, .settle:
            try await request.noBody()
        }
        let start = CampaignChange.startJob(kind, callsPerSecond: callsPerSecond)
        let changed = try await change(campaign.id, start, kind.rawValue, request)
        return show(changed.campaign, .accepted)
    }

    private func stop(_ kind: Job.Kind, _ request: APIRequest) async throws -> Response {
        let id = try await campaigns.existing(try request.campaignID()).id
        try await request.noBody()
        let name = "stop \(kind.rawValue)"
        return show(try await change(id, .stopJob(kind), name, request).campaign)
    }

    /// The rate that a recall is asked to keep to; nil for the configured one.
    private func recallRate(_ request: APIRequest) async throws -> Int? {
        let body = try await request.optionalJSONBody(limit: configuration.bodySizeLimit)
        guard !body.isEmpty else { return nil }
        let field = "calls_per_second"
        var reader = FieldReader(try parseJSON(body, keeping: shortDocument), fields: [field])
        let limit = max(1, configuration.limits().recallsPerSecond)
        let rate = reader.integer(field, in: 1...limit)
        try reader.finish()
        return rate
    }
}
