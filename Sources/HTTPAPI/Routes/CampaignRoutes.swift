import DeliveryCore
import DeliveryEngine
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension EndpointResponder {
    func createCampaign(_ call: Call) async throws -> Response {
        if let key = try call.idempotencyKey() { return try await createOnce(key, call) }
        let body = try await call.jsonBody(limit: configuration.bodySizeLimit)
        let now = now()
        let campaign = try await LongWork.over(body.count) {
            try await create(body, for: nil, now: now, call)
        }
        return creation(of: campaign.id, Self.text(of: campaign, progress(of: campaign)))
    }

    /// Checks a campaign's document, stores it and has it sent if it starts.
    func create(
        _ body: [UInt8],
        for request: KeyedRequest?,
        now: Now,
        _ call: Call
    ) async throws -> Campaign {
        let document = try CampaignDocument(
            body,
            rules: .init(message: rules, configuration: configuration, now: now.timestamp)
        )
        let campaign = NewCampaign(
            id: makeID(at: now.timestamp),
            name: document.name,
            message: document.message,
            settings: document.settings,
            recipients: document.recipients,
            start: document.start
        )
        let stored: Campaign
        do {
            stored = try await submission.submit(campaign, for: request, now: now)
        } catch {
            throw Problem(error)
        }
        audit(call, "create", stored.id)
        return stored
    }

    var submission: Submission { Submission(to: campaigns, deliveries) }

    func makeID(at time: Timestamp) -> Campaign.ID {
        var numbers = DrawnNumbers(draw: random)
        return Campaign.ID(at: time, using: &numbers)
    }

    /// The answer to whoever created a campaign.
    func creation(of id: Campaign.ID, _ body: [UInt8]) -> Response {
        Response(
            status: .created,
            headers: [
                .contentType: MediaType.json.contentType, .location: "/v1/campaigns/\(id)",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    static func text(of campaign: Campaign, _ progress: CampaignProgress) -> [UInt8] {
        var text = JSONText()
        text.campaign(campaign, progress: progress)
        return text.bytes
    }

    func listCampaigns(_ call: Call) async throws -> Response {
        let limit = try call.query.limit()
        let states = try call.query.cases("state", of: Campaign.State.self)
        let before = try call.query.cursor { cursor -> Campaign.ID? in
            if case .campaign(let id) = cursor { id } else { nil }
        }
        var list = CampaignList(endpoint: self, states: states, before: before, rest: limit)
        let share = try share(of: answers, CampaignList.memory)
        // The first piece is made before the answer begins, so that a failure has its status.
        let first: ByteBuffer
        do {
            first = try await list.next()
        } catch {
            throw Problem(error)
        }
        let headers: HTTPFields = [.contentType: MediaType.json.contentType]
        guard !list.isOver else {
            let whole = Response(status: .ok, headers: headers, body: .init(byteBuffer: first))
            return response(whole, holding: share)
        }
        let rest = list
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(share) {} }
            var list = rest
            try await writer.write(first)
            while !list.isOver { try await writer.write(try await list.next()) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    func showCampaign(_ call: Call) async throws -> Response {
        show(try await existing(try call.campaignID()))
    }

    func existing(_ id: Campaign.ID) async throws(Problem) -> Campaign {
        let found: Campaign?
        do {
            found = try await campaigns.campaign(id)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw .noCampaign(id) }
        return found
    }

    func patchCampaign(_ call: Call) async throws -> Response {
        let id = try await existing(try call.campaignID()).id
        let body = try await call.jsonBody(
            [.mergePatch, .json],
            limit: configuration.bodySizeLimit
        )
        let time = now().timestamp
        let patch = try await LongWork.over(body.count) {
            try CampaignPatch(document: body, configuration: configuration, now: time)
        }
        let changed = try await change(id, .patch(patch), "patch", call, asking: "this patch")
        return show(changed.campaign)
    }

    func deleteCampaign(_ call: Call) async throws -> Response {
        _ = try await change(try call.campaignID(), .delete, "delete", call)
        return Response(status: .noContent)
    }

    func move(
        _ call: Call,
        _ transition: Campaign.Transition,
        _ name: String
    ) async throws -> Response {
        show(
            try await change(try call.campaignID(), .transition(transition), name, call).campaign
        )
    }

    func retryCampaign(_ call: Call) async throws -> Response {
        let id = try await existing(try call.campaignID()).id
        // A retry of everything needs no body, so only one that is there has a type.
        let hasType = call.request.headers[.contentType] != nil
        let body =
            hasType
            ? try await call.jsonBody(limit: configuration.bodySizeLimit)
            : try await call.wholeBody(limit: configuration.bodySizeLimit)
        let filter = try await LongWork.over(body.count) { try RetryFilter(document: body) }
        let changed = try await change(id, .retry(filter), "retry", call)
        return json { text in
            text.beginObject()
            text.name("requeued")
            text.number(changed.requeued)
            text.endObject()
        }
    }

    private func change(
        _ id: Campaign.ID,
        _ change: CampaignChange,
        _ name: String,
        _ call: Call,
        asking phrase: String? = nil
    ) async throws(Problem) -> WriteResult.Change {
        do {
            let changed = try await deliveries.change(id, change)
            audit(call, name, id)
            return changed
        } catch {
            var problem = Problem(error, id, asking: phrase ?? name)
            if problem.slug == .wrongState, problem.state == nil {
                problem.state = try await existing(id).state.rawValue
            }
            throw problem
        }
    }

    private func show(_ campaign: Campaign) -> Response {
        json { $0.campaign(campaign, progress: progress(of: campaign)) }
    }

    func progress(of campaign: Campaign) -> CampaignProgress {
        deliveries.progress(of: campaign)
    }

    func json(
        _ status: HTTPResponse.Status = .ok,
        _ write: (inout JSONText) -> Void
    ) -> Response {
        var text = JSONText()
        write(&text)
        return Response(
            status: status,
            headers: [.contentType: MediaType.json.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text.bytes))
        )
    }
}

/// The source of random numbers that the endpoint was given, in the standard library's form.
private struct DrawnNumbers: RandomNumberGenerator {
    let draw: @Sendable () -> UInt64

    mutating func next() -> UInt64 { draw() }
}
