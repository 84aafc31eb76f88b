import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON

/// The webhooks: where each stands, and a test event for one.
struct WebhookController: RouteGroup {
    let hooks: any Hooks
    let audit: AuditLog

    var routes: [Route] {
        [
            Route(.get, "/v1/webhooks") { _ in try await list() },
            Route(.post, "/v1/webhooks/{webhook}/test") { try await test($0) },
        ]
    }

    private func list() async throws -> Response {
        let all: [HookStanding]
        do throws(QueueError) {
            all = try await hooks.standing()
        } catch {
            throw Problem(error)
        }
        return .object { $0.objects("items", of: all) { $0.hook($1) } }
    }

    private func test(_ request: APIRequest) async throws -> Response {
        let name = String(decoding: request.parameters["webhook"] ?? [], as: UTF8.self)
        try await request.noBody()
        guard let id = Int(name), "\(id)" == name, let result = await hooks.test(id) else {
            throw Problem(
                .notFound,
                "there is no webhook \(quoted(name)); GET /v1/webhooks lists those there are"
            )
        }
        audit.record(request, "test webhook \(id)")
        return .json { $0.hookTry(result) }
    }
}

extension JSONText {
    fileprivate mutating func hook(_ hook: HookStanding) {
        field("id", hook.id)
        field("url", hook.url)
        array("events", of: hook.kinds) { $0.string($1.rawValue) }
        field("backlog", hook.backlog.count)
        field("oldest_at", hook.backlog.oldestAt)
        field("last") { text in
            if let last = hook.last { text.hookTry(last) } else { text.null() }
        }
        field("next_at", hook.nextAt)
        field("stopped", hook.isStopped)
    }

    fileprivate mutating func hookTry(_ result: HookTry) {
        object {
            $0.field("at", result.at)
            $0.field("status", result.status)
            $0.field("error", result.error)
        }
    }
}
