import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore

// Whole lists of recipients, as streams.
extension RecipientController {
    static let exportPath = "/v1/campaigns/{id}/export"
    /// The fields of the form, beside the token.
    static let exportFields = ["status", "code", "format"]

    /// The list as a file that a browser saves, asked for by a form.
    func download(_ request: APIRequest) async throws -> Response {
        let id = try request.campaignID()
        let filter = RecipientFilter(
            statuses: try request.query.cases("status"),
            codes: try request.query.integers("code")
        )
        let form: ContentType
        switch try request.query.value("format") {
        case "csv", nil: form = .csv
        case "ndjson": form = .ndjson
        case let other?:
            throw Problem(.badQuery, "format is csv or ndjson, not \(quoted(other))")
        }
        let campaign = try await campaigns.existing(id)
        let list = RecipientList(campaign: id, campaigns: campaigns, filter: filter)
        var response = try export(list, as: form)
        let name = ExportName(of: campaign, filter, form)
        response.headers[.contentDisposition] = name.disposition
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    /// The whole list as a stream; a failure in its middle breaks the connection.
    func export(
        _ list: RecipientList,
        after: Account? = nil,
        as form: ContentType
    ) throws -> Response {
        try rows.response(form, header: RecipientEncoder.csvHeader, after: after) {
            [encoder] place in
            let page = try await list.storePage(after: place, limit: RowStream.rowLimit)
            return RowStream.Piece(
                rows: form == .csv
                    ? encoder.csv(page.recipients) : encoder.ndjson(page.recipients),
                next: page.next
            )
        } atEnd: { [campaigns] in
            // One that was deleted meanwhile has no more recipients, and that is no clean end.
            _ = try await campaigns.existing(list.campaign)
        }
    }
}
