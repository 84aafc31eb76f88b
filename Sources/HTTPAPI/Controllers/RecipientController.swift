import DeliveryCore
import DeliveryEngine
import Hummingbird
import JSON
import Logging
import NIOCore

/// The recipients of a campaign: taken in as streams, listed, exported and shown.
struct RecipientController: RouteGroup {
    let campaigns: any Campaigns
    let changes: ChangeFeed
    let rules: any AccountRules
    let encoder: RecipientEncoder
    let time: any TimeSource
    let isStopping: @Sendable () -> Bool
    /// The memory of streams that come in.
    let intake: IntakeBudget
    /// The memory of pages and exports.
    let pages: MemoryBudget
    let quietLog: QuietLog
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
        ]
    }

    private func add(_ request: APIRequest) async throws -> Response {
        let id = try request.campaignID()
        let headers = request.request.headers
        let type = try headers.contentType(oneOf: [.text, .ndjson, .csv])
        let isGzip = try headers.isGzip(allowed: true)
        // A refusal for the campaign's sake comes before a million lines are sent.
        let campaign = try await campaigns.existing(id)
        guard campaign.state == .draft else {
            throw Problem(IntakeError.wrongState(campaign.state), id)
        }
        let reader: any AccountReader =
            switch type {
            case .csv: AccountTable(rules: rules)
            case .ndjson: AccountLines(form: .ndjson, rules: rules)
            default: AccountLines(form: .text, rules: rules)
            }
        let stream = RecipientIntake(
            campaign: id,
            campaigns: campaigns,
            budget: intake,
            now: { time.now() }
        )
        let summary = try await stream.run(
            request.request.body,
            into: reader,
            isGzip: isGzip,
            askForBody: request.askForBody
        )
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
        let after = try request.query.cursor { cursor -> Account? in
            guard case .account(let account) = cursor, rules.fault(in: account.bytes) == nil else {
                return nil
            }
            return account
        }
        let limit = try request.query.limit()
        _ = try await campaigns.existing(id)
        guard request.form == .json else {
            return try export(list, after: after, request)
        }
        let share = try pages.share(limit * RecipientList.rowMemory)
        let page = try await list.page(after: after, limit: limit)
        return Response.object {
            $0.array("items", of: page.recipients) { encoder.write($1, to: &$0) }
            $0.field("next_cursor", page.next.map { Cursor.account($0).text })
        }.holding(share)
    }

    /// The whole list as a stream; a failure in its middle breaks the connection.
    private func export(
        _ list: RecipientList,
        after: Account?,
        _ request: APIRequest
    ) throws -> Response {
        guard request.query.values("limit").isEmpty else {
            throw Problem(.badQuery, "a stream is always whole: limit is for pages in JSON")
        }
        let form = request.form
        let share = try pages.share(RecipientList.exportRows * RecipientList.rowMemory)
        let body = ResponseBody { [self] writer in
            do {
                if form == .csv {
                    try await writer.write(ByteBuffer(bytes: RecipientEncoder.csvHeader))
                }
                var place = after
                repeat {
                    // A stop doesn't wait for an export of millions.
                    if isStopping() { throw CancellationError() }
                    try Task.checkCancellation()
                    let page = try await list.storePage(
                        after: place,
                        limit: RecipientList.exportRows
                    )
                    let rows =
                        form == .csv
                        ? encoder.csv(page.recipients) : encoder.ndjson(page.recipients)
                    if !rows.isEmpty { try await writer.write(ByteBuffer(bytes: rows)) }
                    place = page.next
                } while place != nil
                // One that was deleted meanwhile has no more recipients, and that is no clean end.
                _ = try await campaigns.existing(list.campaign)
                try await writer.finish(nil)
            } catch {
                let text = "\(error)"
                quietLog.log(
                    LogLine(.warning, "An export broke off", ["error": "\(text)"], kind: text)
                )
                throw error
            }
        }
        return Response.stream(form, body).holding(share)
    }
}
