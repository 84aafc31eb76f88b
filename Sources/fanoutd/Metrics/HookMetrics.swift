import DeliveryEngine
import PrometheusText

/// The metrics of webhooks: one series for each, by its `id`, and none without any.
enum HookMetrics {
    static func families(_ hooks: [HookStanding]) -> [MetricFamily] {
        [
            MetricFamily(
                "fanoutd_webhook_deliveries_total",
                .counter,
                "Tries to tell a webhook of an event, and events given up, by what came of them.",
                hooks.flatMap { hook in
                    [
                        sample(hook, hook.figures.settled, result: "settled"),
                        sample(hook, hook.figures.failed, result: "failed"),
                        sample(hook, hook.figures.givenUp, result: "given_up"),
                    ]
                }
            ),
            MetricFamily(
                "fanoutd_webhook_dropped_total",
                .counter,
                "Events dropped since 100,000 were waiting for the webhook.",
                hooks.map { sample($0, $0.figures.dropped) }
            ),
            MetricFamily(
                "fanoutd_webhook_backlog",
                .gauge,
                "Events that the webhook is still to be told.",
                hooks.map { sample($0, $0.backlog.count) }
            ),
            MetricFamily(
                "fanoutd_webhook_stopped",
                .gauge,
                "1 for a webhook that answered 410, so that nothing is sent to it, else 0.",
                hooks.map { sample($0, $0.isStopped ? 1 : 0) }
            ),
        ]
    }

    private static func sample(
        _ hook: HookStanding,
        _ value: Int,
        result: String? = nil
    ) -> MetricFamily.Sample {
        let labels = [MetricFamily.Label("hook", "\(hook.id)")]
        return .init(Double(value), labels + (result.map { [.init("result", $0)] } ?? []))
    }
}
