import Codecs
package import HTTPTypes

/// One row of the route table: a method on a path, and what the door asks of its callers.
///
/// The table is data, so that `Allow`, the query's checks and the OpenAPI document's test all
/// come from the same rows.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// The path as the contract writes it, such as `/v1/campaigns/{id}`.
    package let path: String
    package let operation: Operation
    /// The query parameters it takes; any other is refused.
    package var query: [String] = []
    /// Whether it is the provider's own call, whose clients know nothing of our refusals: it takes
    /// any other parameter too, and a client that asks for any form of answer.
    var isProviders = false
    /// Whether a token is wanted on TCP.
    package var wantsToken = true
    /// The forms its answer can have.
    var answers: [MediaType] = [.json]

    /// Whether it changes nothing, so that a read-only token will do.
    var isReading: Bool { method == .get || operation == .plan }

    package enum Operation: Sendable, Hashable, CaseIterable {
        case createCampaign
        case listCampaigns
        case showCampaign
        case patchCampaign
        case deleteCampaign
        case addRecipients
        case startCampaign
        case pauseCampaign
        case resumeCampaign
        case cancelCampaign
        case retryCampaign
        case listRecipients
        case showRecipient
        case showQuota
        case plan
        case pauseAll
        case resumeAll
        case watchEvents
        case openAPI
        case health
        case readiness
        case metrics
        case gatewayCall
        case unknownCommand
    }

    package static let table: [Route] = [
        Route(method: .post, path: "/v1/campaigns", operation: .createCampaign),
        Route(
            method: .get,
            path: "/v1/campaigns",
            operation: .listCampaigns,
            query: ["state", "limit", "cursor"]
        ),
        Route(method: .get, path: "/v1/campaigns/{id}", operation: .showCampaign),
        Route(method: .patch, path: "/v1/campaigns/{id}", operation: .patchCampaign),
        Route(method: .delete, path: "/v1/campaigns/{id}", operation: .deleteCampaign),
        Route(method: .post, path: "/v1/campaigns/{id}/recipients", operation: .addRecipients),
        Route(method: .post, path: "/v1/campaigns/{id}/start", operation: .startCampaign),
        Route(method: .post, path: "/v1/campaigns/{id}/pause", operation: .pauseCampaign),
        Route(method: .post, path: "/v1/campaigns/{id}/resume", operation: .resumeCampaign),
        Route(method: .post, path: "/v1/campaigns/{id}/cancel", operation: .cancelCampaign),
        Route(method: .post, path: "/v1/campaigns/{id}/retry", operation: .retryCampaign),
        Route(
            method: .get,
            path: "/v1/campaigns/{id}/recipients",
            operation: .listRecipients,
            query: ["status", "code", "limit", "cursor"],
            answers: [.json, .ndjson, .csv]
        ),
        Route(
            method: .get,
            path: "/v1/campaigns/{id}/recipients/{account}",
            operation: .showRecipient
        ),
        Route(method: .get, path: "/v1/quota", operation: .showQuota),
        Route(method: .post, path: "/v1/plan", operation: .plan),
        Route(method: .post, path: "/v1/pause", operation: .pauseAll),
        Route(method: .post, path: "/v1/resume", operation: .resumeAll),
        Route(
            method: .get,
            path: "/v1/events",
            operation: .watchEvents,
            query: ["campaign"],
            answers: [.events]
        ),
        Route(method: .get, path: "/openapi.yaml", operation: .openAPI, answers: [.yaml]),
        Route(method: .get, path: "/metrics", operation: .metrics, answers: [.text]),
        Route(method: .get, path: "/healthz", operation: .health, wantsToken: false),
        Route(method: .get, path: "/readyz", operation: .readiness, wantsToken: false),
        Route(
            method: .post,
            path: EndpointResponder.gatewayPath,
            operation: .gatewayCall,
            query: ["sdkappid", "identifier", "usersig", "random", "contenttype"],
            isProviders: true,
            wantsToken: false
        ),
        Route(
            method: .post,
            path: "/v4/{service}/{command}",
            operation: .unknownCommand,
            isProviders: true,
            wantsToken: false
        ),
    ]
}

/// The rows of one path, and what its placeholders stand for.
struct PathMatch: Sendable {
    let routes: [Route]
    /// The placeholders' bytes, percent-decoded: `id`, `account`.
    let parameters: [String: [UInt8]]

    /// Finds a path in the table; nil if it isn't there.
    ///
    /// Segments are cut before they are decoded, so an account may hold an encoded slash.
    init?(_ path: some StringProtocol, in table: [Route]) {
        let segments = String(path).split(separator: "/", omittingEmptySubsequences: false)
            .map { String($0) }
        var found: [Route] = []
        var values: [String: [UInt8]] = [:]
        for route in table {
            guard let parameters = Self.match(segments, route.path) else { continue }
            found.append(route)
            values = parameters
        }
        if found.isEmpty, path.hasPrefix("/v4/") {
            // The provider's commands have two parts; whatever else is asked there is unknown too.
            found = table.filter { $0.operation == .unknownCommand }
        }
        guard !found.isEmpty else { return nil }
        // A path that is spelt out goes before one with placeholders.
        let exact = found.filter { $0.path == String(path) }
        routes = exact.isEmpty ? found : exact
        parameters = values
    }

    private static func match(_ segments: [String], _ pattern: String) -> [String: [UInt8]]? {
        let wanted = pattern.split(separator: "/", omittingEmptySubsequences: false)
        guard wanted.count == segments.count else { return nil }
        var parameters: [String: [UInt8]] = [:]
        for (part, segment) in zip(wanted, segments) {
            if part.hasPrefix("{") {
                guard !segment.isEmpty, let value = PercentEncoding.decode(segment) else {
                    return nil
                }
                parameters[String(part.dropFirst().dropLast())] = value
            } else if part != segment {
                return nil
            }
        }
        return parameters
    }

    /// The row for a method; `HEAD` is answered wherever `GET` is, and a command of the provider's
    /// that isn't carried out is refused in its language by whatever method it comes.
    func route(for method: HTTPRequest.Method) -> Route? {
        let wanted = method == .head ? .get : method
        return routes.first { $0.method == wanted || $0.operation == .unknownCommand }
    }

    /// What `Allow` says.
    var allow: String {
        var methods = routes.map(\.method.rawValue)
        if methods.contains("GET") { methods.append("HEAD") }
        return methods.sorted().joined(separator: ", ")
    }
}
