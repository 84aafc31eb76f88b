import DeliveryCore
import DeliveryEngine
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore

/// What this process says of itself, whichever part it has among the nodes of a queue.
struct InstanceController: RouteGroup {
    let configuration: EndpointConfiguration
    let metrics: any MetricsText
    let time: any TimeSource

    var routes: [Route] {
        [
            Route(.get, "/v1/session") { showSession($0) },
            Route(.get, "/openapi.yaml", forms: [.yaml]) { _ in
                Response(.ok, .yaml, bytes: Array(OpenAPIDocument.text.utf8))
            },
            Route(.get, "/metrics", forms: [.text]) { _ in await showMetrics() },
            Route(.get, "/healthz", access: .open) { _ in .object { $0.field("status", "ok") } },
        ]
    }

    /// Says who asks, and whom.
    private func showSession(_ request: APIRequest) -> Response {
        let app = configuration.app()
        return .object {
            $0.field("caller", request.principal.name)
            $0.field("can_write", request.principal.canWrite)
            $0.field("version", configuration.version)
            $0.field("sdk_app_id", app.id)
            $0.field("title", configuration.title)
            $0.field("simulator", app.isSimulated)
            $0.field("now", time.now().timestamp)
        }
    }

    private func showMetrics() async -> Response {
        let text = await metrics.text()
        return Response(
            status: .ok,
            headers: [.contentType: metrics.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: text))
        )
    }
}
