package import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

/// What a node answers while it stands by: its own part, and where the leader is.
///
/// It sends nothing and doesn't know what the leader's window holds, so it claims nothing of it.
struct StandbyController: RouteGroup {
    let standby: Standby
    let configuration: EndpointConfiguration
    let isStopping: @Sendable () -> Bool

    var routes: [Route] {
        [
            Route(.get, "/v1/quota") { _ in showQuota() },
            Route(.get, "/v1/explain") { _ in explain() },
            Route(.get, "/readyz", access: .open) { _ in throw isStopping() ? .stopping : refusal },
            // Its token may stand in the form, as at the leader.
            Route(
                .post,
                RecipientController.exportPath,
                query: RecipientController.exportFields,
                forms: [.csv, .ndjson],
                access: .form
            ) { _ in throw refusal },
            // Which of these paths there are, the leader says.
            Route(
                .get,
                "/v1/{route}",
                access: .read,
                provided: .everything(below: "/v1/")
            ) { _ in throw refusal },
        ]
    }

    private var refusal: Problem { .standby(leader: leader) }

    private var leader: String? { configuration.cluster()?.leader }

    private func showQuota() -> Response {
        let limits = configuration.limits()
        return .object {
            $0.field("messages_per_minute", limits.messagesPerMinute)
            $0.field("window_used") { $0.null() }
            $0.field("next_call_at") { $0.null() }
            $0.field("calls_per_second", limits.callsPerSecond)
            $0.field("state", Problem.Slug.standby.rawValue)
            $0.field("reason") { $0.null() }
            $0.field("since", standby.since)
            $0.field("until") { $0.null() }
            $0.field("remedy") { $0.null() }
            $0.field("pace") { $0.null() }
            $0.field("window") { $0.null() }
            $0.field("in_flight", 0)
            $0.field("config_error", standby.configError())
            $0.field("cluster") { $0.cluster(configuration.cluster()) }
        }
    }

    private func explain() -> Response {
        let place = leader.map { "the leader is at \($0)" }
        let cause = Explanation.Cause(
            .standby,
            "this node stands by and sends nothing; "
                + (place ?? "the leader's URL isn't known, or no node leads now"),
            remedy: leader.map { "ask the leader, \($0)" } ?? "ask the other nodes"
        )
        let explanation = Explanation(isMoving: false, lastCallAt: nil, causes: [cause])
        return .json { $0.explanation(explanation, of: Problem.Slug.standby.rawValue) }
    }
}

/// The provider's paths while another node sends.
struct StandbyGatewayController: RouteGroup {
    let gateway: any Gateway
    let configuration: EndpointConfiguration
    let time: any TimeSource
    let quietLog: QuietLog

    var routes: [Route] {
        GatewayController.routes(of: gateway, takeIn: takeIn) { refuse($0) }
    }

    /// Whoever may call is told to try again, before anything of the body is read.
    private func takeIn(_ request: APIRequest) -> Response {
        switch gateway.caller(in: request.query.pairs, now: time.now().timestamp) {
        case .success: refuse(gateway.refusal(.standby(leader: configuration.cluster()?.leader)))
        case .failure(let refusal): refuse(refusal)
        }
    }

    private func refuse(_ refusal: GatewayRefusal) -> Response {
        refusal.response(notedIn: quietLog)
    }
}

/// A node that stands by, as its endpoint shows it.
package struct Standby: Sendable {
    /// When it began to.
    package let since: Timestamp
    /// Why the last reload of the configuration was refused; nil if it was accepted.
    package let configError: @Sendable () -> String?

    package init(since: Timestamp, configError: @escaping @Sendable () -> String?) {
        self.since = since
        self.configError = configError
    }
}
