import DeliveryCore
import DeliveryEngine
import Hummingbird
import JSON
import NIOCore

extension EndpointResponder {
    func showQuota() -> Response {
        let status = deliveries.quota()
        return json { $0.quota(status) }
    }

    /// Says what a campaign would take; nothing is stored.
    func plan(_ call: Call) async throws -> Response {
        let body = try await call.jsonBody(limit: configuration.bodySizeLimit)
        let time = now().timestamp
        let document = try await LongWork.over(body.count) {
            try PlanDocument(
                body,
                rules: .init(message: rules, configuration: configuration, now: time)
            )
        }
        return json { $0.plan(document.plan) }
    }

    func setPaused(_ isPaused: Bool, _ call: Call) async throws -> Response {
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
        audit(call, isPaused ? "pause all" : "resume all")
        return showQuota()
    }

    func openAPI() -> Response {
        Response(
            status: .ok,
            headers: [.contentType: MediaType.yaml.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.text))
        )
    }

    func showMetrics() async -> Response {
        let text = await metrics.text()
        return Response(
            status: .ok,
            headers: [.contentType: metrics.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text))
        )
    }

    func health() -> Response {
        json { text in
            text.beginObject()
            text.name("status")
            text.string("ok")
            text.endObject()
        }
    }

    /// Whether the service does its work, or will without anybody's help.
    func readiness() throws(Problem) -> Response {
        if isStopping() {
            throw .retryLater(.stopping, "the service is stopping", seconds: 10)
        }
        let status = deliveries.quota()
        switch status.state {
        case .running, .throttled, .paused:
            return json { text in
                text.beginObject()
                text.name("state")
                text.string(status.state.rawValue)
                text.name("reason")
                text.reason(status.reason)
                text.endObject()
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
