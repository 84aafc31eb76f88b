import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

/// The list of accounts that must not be addressed: filled one by one or by streams, shown,
/// exported and shortened.
struct SuppressionController: RouteGroup {
    let suppressions: any Suppressions
    let rules: any AccountRules
    let time: any TimeSource
    let bodySizeLimit: Int
    /// The memory of streams that come in.
    let intake: IntakeBudget
    let rows: RowStream
    let audit: AuditLog

    var routes: [Route] {
        let all = "/v1/suppressions"
        let one = "\(all)/{account}"
        return [
            Route(.post, all, add),
            Route(.get, all, query: ["limit", "cursor"], forms: [.json, .ndjson, .csv], list),
            Route(.put, one, put),
            Route(.get, one, show),
            Route(.delete, one, remove),
        ]
    }

    private func put(_ request: APIRequest) async throws -> Response {
        let bytes = request.parameters["account"] ?? []
        if let fault = rules.fault(in: bytes) {
            throw Problem(.invalid, "the path names no account: \(fault); nothing was done")
        }
        let body = try await request.optionalJSONBody(limit: bodySizeLimit)
        let reason = try await LongWork.over(body.count) { () throws(Problem) in
            try Suppression.reason(document: body)
        }
        let suppression = try await suppressions.suppress(
            Account(checked: bytes),
            reason: reason,
            now: time.now()
        )
        audit.record(request, "suppress")
        return .json { $0.suppression(suppression) }
    }

    private func show(_ request: APIRequest) async throws -> Response {
        guard let account = listable(request),
            let found = try await suppressions.suppression(of: account)
        else { throw Self.unlisted }
        return .json { $0.suppression(found) }
    }

    private func remove(_ request: APIRequest) async throws -> Response {
        guard let account = listable(request),
            try await suppressions.unsuppress(account, now: time.now())
        else { throw Self.unlisted }
        audit.record(request, "unsuppress")
        return Response(status: .noContent)
    }

    /// The account that the path names; nil if no such one can be on the list.
    private func listable(_ request: APIRequest) -> Account? {
        let bytes = request.parameters["account"] ?? []
        return Account.fault(in: bytes) == nil ? Account(checked: bytes) : nil
    }

    private static let unlisted = Problem(.notFound, "the account is not on the suppression list")

    private func add(_ request: APIRequest) async throws -> Response {
        let stream = try AccountStream(request, rules: rules)
        let now: @Sendable () -> Now = { time.now() }
        let intake = AccountIntake(
            destination: SuppressionDestination(suppressions: suppressions, now: now),
            budget: intake,
            now: now
        )
        let summary = try await intake.run(stream, of: request)
        audit.record(request, "suppress a list")
        return .json { $0.summary(summary) }
    }

    private func list(_ request: APIRequest) async throws -> Response {
        let after = try request.query.accountCursor(rules)
        let limit = try request.query.limit()
        guard request.form == .json else {
            try request.query.checkStream()
            return try export(after: after, as: request.form)
        }
        let share = try rows.memory(of: limit)
        let page = try await suppressions.suppressions(after: after, limit: limit)
        return Response.object {
            $0.array("items", of: page.suppressions) { $0.suppression($1) }
            $0.field("next_cursor", page.next.map { Cursor.account($0).text })
        }.holding(share)
    }

    private func export(after: Account?, as form: ContentType) throws -> Response {
        try rows.response(form, header: Suppression.csvHeader, after: after) {
            [suppressions] place in
            let page = try await suppressions.suppressions(after: place, limit: RowStream.rowLimit)
            return RowStream.Piece(
                rows: form == .csv
                    ? Suppression.csv(page.suppressions) : Suppression.ndjson(page.suppressions),
                next: page.next
            )
        }
    }
}
