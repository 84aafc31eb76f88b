import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

/// The recipients of a campaign: taken in as streams, listed, exported and shown.
struct RecipientController: RouteGroup {
    let campaigns: any Campaigns
    let changes: ChangeFeed
    let rules: any AccountRules
    let encoder: RecipientEncoder
    let time: any TimeSource
    /// The memory of streams that come in.
    let intake: IntakeBudget
    let rows: RowStream
    let audit: AuditLog

    var routes: [Route] {
        let path = "/v1/campaigns/{id}/recipients"
        return [
            Route(.post, path, add),
            Route(
                .get,
                path,
                query: ["status", "code", "recall", "limit", "cursor"],
                forms: [.json, .ndjson, .csv],
                list
            ),
            Route(.get, "\(path)/{account}", show),
            Route(
                .post,
                Self.exportPath,
                query: Self.exportFields,
                forms: [.csv, .ndjson],
                access: .form,
                download
            ),
        ]
    }

    private func add(_ request: APIRequest) async throws -> Response {
        let id = try request.campaignID()
        let stream = try AccountStream(request, rules: rules)
        // A refusal for the campaign's sake comes before a million lines are sent.
        let campaign = try await campaigns.existing(id)
        guard campaign.state == .draft else {
            throw Problem(IntakeError.wrongState(campaign.state), id)
        }
        let intake = AccountIntake(
            destination: DraftDestination(campaign: id, campaigns: campaigns),
            budget: intake,
            now: { time.now() }
        )
        let summary = try await intake.run(stream, of: request)
        changes.changed(id)
        audit.record(request, "add recipients", id)
        return .json { $0.summary(summary) }
    }

    private func show(_ request: APIRequest) async throws -> Response {
        let id = try request.campaignID()
        let bytes = request.parameters["account"] ?? []
        let isAccount = Account.fault(in: bytes) == nil
        guard isAccount, let found = try await campaigns.recipient(Account(checked: bytes), of: id)
        else {
            _ = try await campaigns.existing(id)
            throw Problem(.notFound, "the campaign has no such account")
        }
        return .json { encoder.write(found, to: &$0) }
    }

    private func list(_ request: APIRequest) async throws -> Response {
        let id = try request.campaignID()
        let list = RecipientList(
            campaign: id,
            campaigns: campaigns,
            filter: RecipientFilter(
                statuses: try request.query.cases("status"),
                codes: try request.query.integers("code"),
                recalls: try request.query.cases("recall")
            )
        )
        let after = try request.query.accountCursor(rules)
        let limit = try request.query.limit()
        _ = try await campaigns.existing(id)
        guard request.form == .json else {
            try request.query.checkStream()
            return try export(list, after: after, as: request.form)
        }
        let share = try rows.memory(of: limit)
        let page = try await list.page(after: after, limit: limit)
        return Response.object {
            $0.array("items", of: page.recipients) { encoder.write($1, to: &$0) }
            $0.field("next_cursor", page.next.map { Cursor.account($0).text })
        }.holding(share)
    }
}
