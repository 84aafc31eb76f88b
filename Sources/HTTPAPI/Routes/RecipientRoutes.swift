import DeliveryCore
import DeliveryEngine
import Hummingbird
import JSON
import Logging
import NIOCore

extension EndpointResponder {
    func addRecipients(_ call: Call) async throws -> Response {
        let id = try call.campaignID()
        let headers = call.request.headers
        let type = try headers.contentType(oneOf: [.text, .ndjson, .csv])
        let isGzip = try headers.isGzip(allowed: true)
        // Who is refused for the campaign's sake shouldn't have to send a million lines first.
        let campaign = try await existing(id)
        guard campaign.state == .draft else {
            throw Problem(IntakeError.wrongState(campaign.state), id)
        }
        let reader: any AccountReader =
            switch type {
            case .csv: AccountTable()
            case .ndjson: AccountLines(form: .ndjson)
            case .text, .json, .mergePatch, .yaml, .events: AccountLines(form: .text)
            }
        let intake = RecipientIntake(
            campaign: id,
            campaigns: campaigns,
            budget: budget,
            now: { time.now() }
        )
        let summary = try await intake.run(
            call.request.body,
            into: reader,
            isGzip: isGzip,
            askForBody: call.askForBody
        )
        deliveries.changes.changed(id)
        audit(call, "add recipients", id)
        return json { $0.summary(summary) }
    }

    func showRecipient(_ call: Call) async throws -> Response {
        let id = try call.campaignID()
        let bytes = call.parameters["account"] ?? []
        var found: Recipient?
        if Account.fault(in: bytes) == nil {
            do {
                found = try await campaigns.recipient(Account(checked: bytes), of: id)
            } catch {
                throw Problem(error)
            }
        }
        guard let found else {
            _ = try await existing(id)
            throw Problem(.notFound, "the campaign has no such account")
        }
        return json { RecipientText(rules: rules).write(found, to: &$0) }
    }

    func listRecipients(_ call: Call) async throws -> Response {
        let id = try call.campaignID()
        let list = RecipientList(
            campaign: id,
            campaigns: campaigns,
            filter: RecipientFilter(
                statuses: try call.query.cases("status"),
                codes: try call.query.integers("code")
            )
        )
        let after = try call.query.cursor { cursor -> Account? in
            if case .account(let account) = cursor { account } else { nil }
        }
        let limit = try call.query.limit()
        _ = try await existing(id)
        guard call.answer == .json else {
            return try await export(list, after: after, call)
        }
        let share = try share(of: answers, limit * RecipientList.rowMemory)
        let page = try await list.page(after: after, limit: limit)
        let rows = RecipientText(rules: rules)
        let answer = json { text in
            text.beginObject()
            text.name("items")
            text.beginArray()
            for recipient in page.recipients { rows.write(recipient, to: &text) }
            text.endArray()
            text.name("next_cursor")
            text.optionalString(page.next.map { Cursor.account($0).text })
            text.endObject()
        }
        return response(answer, holding: share)
    }

    /// The whole list as a stream; a failure in its middle breaks the connection.
    private func export(
        _ list: RecipientList,
        after: Account?,
        _ call: Call
    ) async throws -> Response {
        if call.query.values("limit").isEmpty == false {
            throw Problem(.badQuery, "a stream is always whole: limit is for pages in JSON")
        }
        let rows = RecipientText(rules: rules)
        let isCSV = call.answer == .csv
        let share = try share(of: answers, RecipientList.exportRows * RecipientList.rowMemory)
        let (quietLog, isStopping) = (quietLog, isStopping)
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(share) {} }
            do {
                if isCSV { try await writer.write(ByteBuffer(bytes: RecipientText.csvHeader)) }
                var place = after
                repeat {
                    // A stop doesn't wait for an export of millions.
                    if isStopping() { throw CancellationError() }
                    try Task.checkCancellation()
                    let page = try await list.storePage(
                        after: place,
                        limit: RecipientList.exportRows
                    )
                    var bytes: [UInt8] = []
                    for recipient in page.recipients {
                        if isCSV {
                            rows.appendCSV(recipient, to: &bytes)
                        } else {
                            rows.appendNDJSON(recipient, to: &bytes)
                        }
                    }
                    if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                    place = page.next
                } while place != nil
                // One that was deleted meanwhile has no more recipients, and that is no clean end.
                _ = try await existing(list.campaign)
                try await writer.finish(nil)
            } catch {
                let text = "\(error)"
                quietLog.log(
                    LogLine(.warning, "An export broke off", ["error": "\(text)"], kind: text)
                )
                throw error
            }
        }
        return Response(
            status: .ok,
            headers: [.contentType: call.answer.contentType],
            body: body
        )
    }
}

/// The recipients of a campaign that pass a filter, in pages.
struct RecipientList: Sendable {
    let campaign: Campaign.ID
    let campaigns: any Campaigns
    let filter: RecipientFilter

    /// The store cuts pages short where few recipients match; so many of its pages make one of
    /// ours at most, and the cursor goes on from there.
    private static let pageLimit = 50

    /// Rows of an export that are in memory at once.
    static let exportRows = 500
    /// What a row takes in memory at most, as the store found it and as text.
    static let rowMemory = 1_024

    func page(after: Account?, limit: Int) async throws(Problem) -> RecipientPage {
        var page = RecipientPage(recipients: [], next: after)
        for _ in 0..<Self.pageLimit {
            let more = try await storePage(after: page.next, limit: limit - page.recipients.count)
            page.recipients += more.recipients
            page.next = more.next
            if page.next == nil || page.recipients.count >= limit { break }
        }
        return page
    }

    func storePage(after: Account?, limit: Int) async throws(Problem) -> RecipientPage {
        do {
            return try await campaigns.recipients(
                of: campaign,
                matching: filter,
                after: after,
                limit: limit
            )
        } catch {
            throw Problem(error)
        }
    }
}
