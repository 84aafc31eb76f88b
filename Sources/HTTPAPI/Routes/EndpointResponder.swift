import DeliveryCore
import DeliveryEngine
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore

/// Answers requests: the door, the route table, then one method for each operation.
///
/// Everything that goes wrong is a `Problem`; what isn't one is logged and shown as 500 without
/// its internals.
package struct EndpointResponder: HTTPResponder {
    package typealias Context = EndpointContext

    let configuration: EndpointConfiguration
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let rules: any MessageRules
    let gateway: any Gateway
    let metrics: any MetricsText
    let time: any TimeSource
    let random: @Sendable () -> UInt64
    let isStopping: @Sendable () -> Bool
    let budget: IntakeBudget
    let bodies: BodyBudget
    let gatewayBodies: BodyBudget
    /// The memory of answers that are made a page at a time, and of watchers.
    let answers: BodyBudget
    let watching: BodyBudget
    let events: EventBoard
    let runningKeys = RunningKeys()
    let logger: Logger
    /// For what may come again and again.
    let quietLog: QuietLog

    package func respond(
        to request: Request,
        context: EndpointContext
    ) async throws -> Response {
        quietLog.turn()
        var response: Response
        do {
            response = try await answer(request, context)
        } catch let problem as Problem {
            response = problem.response
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
        response.headers[.cacheControl] = "no-store"
        return request.method == .head ? head(of: response) : response
    }

    /// What `HEAD` is answered: the same head, which names no length where the body has none yet.
    private func head(of response: Response) -> Response {
        guard response.body.contentLength == nil else { return response.createHeadResponse() }
        return Response(
            status: response.status,
            headers: response.headers,
            body: ResponseBody { writer in try await writer.finish(nil) }
        )
    }

    func now() -> Now { time.now() }

    private func answer(_ request: Request, _ context: EndpointContext) async throws -> Response {
        let door = Door(listen: configuration.listen, tokens: configuration.tokens)
        try door.checkHost(request)
        try door.checkSite(request)
        let parts = (request.head.path ?? "/").split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let match = PathMatch(parts[0], in: Route.table) else {
            throw Problem(.notFound, "there is no path \(quoted(String(parts[0])))")
        }
        let caller =
            match.routes.contains(where: \.wantsToken)
            ? try await door.caller(of: request, on: context.channel)
            : await door.peer(on: context.channel) ?? .anyone
        guard let route = match.route(for: request.method) else {
            var problem = Problem(
                .methodNotAllowed,
                "\(request.method.rawValue) isn't for this path; there are: \(match.allow)"
            )
            problem.headers[.allow] = match.allow
            throw problem
        }
        guard caller.canWrite || route.isReading else {
            throw Problem(.readOnlyToken, "the token \(caller.name) may only read")
        }
        let call = Call(
            request: request,
            context: context,
            caller: caller,
            bodyShare: BodyBudget.Share(of: route.isProviders ? gatewayBodies : bodies),
            parameters: match.parameters,
            query: try Query(
                parts.count > 1 ? parts[1] : "",
                allowing: route.isProviders ? nil : route.query
            ),
            answer: route.isProviders ? .json : try request.headers.accepted(of: route.answers)
        )
        return try await perform(route.operation, call)
    }

    private func perform(_ operation: Route.Operation, _ call: Call) async throws -> Response {
        switch operation {
        case .createCampaign: try await createCampaign(call)
        case .listCampaigns: try await listCampaigns(call)
        case .showCampaign: try await showCampaign(call)
        case .patchCampaign: try await patchCampaign(call)
        case .deleteCampaign: try await deleteCampaign(call)
        case .addRecipients: try await addRecipients(call)
        case .startCampaign: try await move(call, .start, "start")
        case .pauseCampaign: try await move(call, .pause, "pause")
        case .resumeCampaign: try await move(call, .resume, "resume")
        case .cancelCampaign: try await move(call, .cancel, "cancel")
        case .retryCampaign: try await retryCampaign(call)
        case .listRecipients: try await listRecipients(call)
        case .showRecipient: try await showRecipient(call)
        case .showQuota: showQuota()
        case .plan: try await plan(call)
        case .pauseAll: try await setPaused(true, call)
        case .resumeAll: try await setPaused(false, call)
        case .watchEvents: try await watchEvents(call)
        case .openAPI: openAPI()
        case .gatewayCall: try await gatewayCall(call)
        case .unknownCommand: unknownCommand()
        case .health: health()
        case .readiness: try readiness()
        case .metrics: await showMetrics()
        }
    }

    /// Says in the log who changed what; never called for a refusal.
    func audit(
        _ call: Call,
        _ action: String,
        _ id: Campaign.ID? = nil,
        caller: String? = nil
    ) {
        var metadata: Logger.Metadata = [
            "caller": "\(caller ?? call.caller.name)", "action": "\(action)",
        ]
        if let id { metadata["campaign"] = "\(id)" }
        logger.info("Changed by request", metadata: metadata)
    }
}

/// A request that passed the door, with what was read of its head.
struct Call: Sendable {
    let request: Request
    let context: EndpointContext
    let caller: Caller
    /// Gives back with the call what its body took.
    let bodyShare: BodyBudget.Share
    let parameters: [String: [UInt8]]
    let query: Query
    /// The form the answer shall have.
    let answer: MediaType

    /// The campaign that the path names; an id that can't be one is as unknown as any other.
    func campaignID() throws(Problem) -> Campaign.ID {
        let text = String(decoding: parameters["id"] ?? [], as: UTF8.self)
        guard let id = Campaign.ID(text) else { throw .noCampaign(quoted(text)) }
        return id
    }

    /// Tells a client that waits for it (`Expect: 100-continue`) to send the body now.
    func askForBody() {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
        context.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
    }

    /// Reads a JSON body, once its type, encoding and size are known to be right.
    func jsonBody(_ types: [MediaType] = [.json], limit: Int) async throws(Problem) -> [UInt8] {
        _ = try request.headers.contentType(oneOf: types)
        _ = try request.headers.isGzip(allowed: false)
        return try await wholeBody(limit: limit)
    }

    func wholeBody(limit: Int) async throws(Problem) -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "the body may have \(limit) bytes")
        let length = request.headers[.contentLength].map { Int($0) ?? .max }
        if let length, length > limit { throw tooLarge }
        askForBody()
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
                guard bodyShare.take(buffer.readableBytes) else { throw Problem.tooManyBodies }
                // Growing by doubling would hold a long body up to three times for a moment.
                if bytes.count >= 1 << 20, let length { bytes.reserveCapacity(length) }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(bodyFailure: error)
        }
        return bytes
    }
}

/// What Hummingbird hands along with a request.
package struct EndpointContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
