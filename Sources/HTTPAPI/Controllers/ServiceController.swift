import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

/// The service as a whole: its quota, its health, its history and its pause.
struct ServiceController: RouteGroup {
    let campaigns: any Campaigns
    let deliveries: any Deliveries
    let rules: any MessageRules
    let configuration: EndpointConfiguration
    /// The memory of long responses.
    let pages: MemoryBudget
    let time: any TimeSource
    let isStopping: @Sendable () -> Bool
    let audit: AuditLog

    var routes: [Route] {
        [
            Route(.get, "/v1/quota") { _ in showQuota() },
            Route(.get, "/v1/explain") { _ in explain() },
            Route(.get, "/v1/history", query: ["minutes"], showHistory),
            Route(.post, "/v1/plan", access: .read, plan),
            Route(.post, "/v1/pause") { try await setPaused(true, $0) },
            Route(.post, "/v1/resume") { try await setPaused(false, $0) },
            Route(.get, "/readyz", access: .open) { _ in try showReadiness() },
        ]
    }

    private func showQuota() -> Response {
        let status = deliveries.quota()
        return .json { $0.quota(status, in: configuration.cluster()) }
    }

    private func explain() -> Response {
        let explanation = deliveries.explain()
        let state = deliveries.quota().state.rawValue
        return .json { $0.explanation(explanation, of: state) }
    }

    private func showHistory(_ request: APIRequest) async throws -> Response {
        let minutes = try request.query.number(
            "minutes",
            in: TrafficHistory.minutes,
            otherwise: TrafficHistory.standardMinutes
        )
        let history = TrafficHistory(minutes: minutes, now: time.now().timestamp)
        let share = try pages.share(history.stepLimit * TrafficHistory.stepMemory)
        let steps = try await campaigns.traffic(since: history.start, per: history.length)
        return Response.object {
            $0.field("step_s", Int(history.length.duration / .seconds(1)))
            $0.array("items", of: steps) { $0.traffic($1) }
        }.holding(share)
    }

    /// Says what a campaign would take; nothing is stored.
    private func plan(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonBody(limit: configuration.bodySizeLimit)
        let now = time.now().timestamp
        let plan = try await LongWork.over(body.count) {
            try SendingPlan(
                document: body,
                rules: .init(message: rules, configuration: configuration, now: now)
            )
        }
        return .json { $0.plan(plan) }
    }

    private func setPaused(_ isPaused: Bool, _ request: APIRequest) async throws -> Response {
        do {
            try await deliveries.setPaused(isPaused)
        } catch {
            let name = isPaused ? "pause" : "resume"
            switch error {
            case .queue(let error): throw Problem(error)
            case .stopping, .refused:
                throw Problem.retryLater(
                    .stopping,
                    "the service can't \(name) now; nothing was done",
                    seconds: 10
                )
            }
        }
        audit.record(request, isPaused ? "pause all" : "resume all")
        return showQuota()
    }

    /// Whether the service does its work, or will without anybody's help.
    private func showReadiness() throws(Problem) -> Response {
        if isStopping() { throw .stopping }
        let status = deliveries.quota()
        switch status.state {
        case .running, .throttled, .paused:
            return .object {
                $0.field("state", status.state.rawValue)
                $0.field("reason") { $0.reason(status.reason) }
            }
        case .unreachable, .halted, .storeFailed:
            let reason = status.reason.map { reason in
                reason.code.map { "\($0): \(reason.text)" } ?? reason.text
            }
            var problem = Problem.retryLater(
                .notReady,
                "\(status.state.rawValue): \(reason ?? "no reason is known")",
                seconds: 10
            )
            problem.state = status.state.rawValue
            throw problem
        }
    }
}
