import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Responds to requests: who asks, for which route, and what that route's handler makes of it.
///
/// Everything that goes wrong is a `Problem`, or the store's failure, which becomes one; what is
/// neither is logged and shown as 500 without its internals.
struct APIResponder: Sendable {
    let authenticator: Authenticator
    let table: RouteTable
    let bodies: MemoryBudget
    let providedBodies: MemoryBudget
    let quietLog: QuietLog
    /// What is said in place of the store's failure once the term of these routes is over.
    ///
    /// Whether the request was carried out need not be known then. Nil before.
    var end: @Sendable () -> Problem? = { nil }

    func respond(to request: Request, on channel: any Channel) async -> Response {
        quietLog.turn()
        var response: Response
        do {
            response = try await handle(request, channel)
        } catch let problem as Problem {
            response = (problem.mayComeOfEnd ? end() ?? problem : problem).response
        } catch let error as QueueError {
            response = (end() ?? Problem(error)).response
        } catch {
            quietLog.log(
                LogLine(
                    .error,
                    "A request failed unexpectedly",
                    [
                        "error": "\(error)", "method": "\(request.method)",
                        "path": "\(request.head.path ?? "")",
                    ],
                    kind: "\(error)"
                )
            )
            response = Problem(.internalError, "the daemon's log has the reason").response
        }
        // The page's files alone say otherwise.
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return request.method == .head ? response.head : response
    }

    private func handle(_ request: Request, _ channel: any Channel) async throws -> Response {
        try authenticator.checkHost(request)
        try authenticator.checkSite(request)
        let parts = (request.head.path ?? "/").split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let match = table.match(String(parts[0])) else {
            throw Problem(.notFound, "there is no path \(quoted(String(parts[0])))")
        }
        let found = match.route(for: request.method)
        // Where the token may stand in the form, nobody is known before the body is read.
        let mayBeInForm = found?.access == .form && !authenticator.knowsCaller(request)
        let principal = try await authenticator.principal(
            of: request,
            on: channel,
            wantsToken: !mayBeInForm && match.routes.contains { $0.access != .open }
        )
        guard let route = found else {
            throw Problem(
                .methodNotAllowed,
                "\(request.method.rawValue) isn't for this path; there are: \(match.allow)",
                headers: [.allow: match.allow]
            )
        }
        guard principal.canWrite || route.access != .write else {
            throw Problem(.readOnlyToken, "the token \(principal.name) may only read")
        }
        let isProvided = route.provided != nil
        let isForm = route.access == .form
        var admitted = APIRequest(
            request: request,
            channel: channel,
            principal: principal,
            bodyShare: MemoryBudget.Share(of: isProvided ? providedBodies : bodies),
            parameters: match.parameters,
            query: try Query(
                parts.count > 1 ? parts[1] : "",
                allowing: isProvided ? nil : isForm ? [] : route.query
            ),
            form: isProvided ? .json : try request.headers.accepted(of: route.forms)
        )
        if isForm {
            admitted = try await admitted.readingForm(
                route,
                isKnown: !mayBeInForm,
                by: authenticator
            )
        }
        return try await route.handler(admitted)
    }
}

extension Problem {
    /// Whether it is what a request meets whose node no longer leads.
    fileprivate var mayComeOfEnd: Bool { slug == .storeFailed || slug == .stopping }
}

extension Response {
    /// What `HEAD` is answered: the same head, which names no length where the body has none yet.
    fileprivate var head: Response {
        guard body.contentLength == nil else { return createHeadResponse() }
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody { writer in try await writer.finish(nil) }
        )
    }
}
