import DeliveryEngine
import PrometheusText

/// The metrics of a node among those that share a queue.
enum ClusterMetrics {
    static func families(_ leadership: any Leadership) -> [MetricFamily] {
        let status = leadership.status
        let figures = leadership.figures
        var families = [
            family(
                "fanoutd_leader",
                .gauge,
                "1 where this node leads and sends, 0 where it stands by.",
                status.role == .leader ? 1 : 0
            ),
            family(
                "fanoutd_store_in_doubt_total",
                .counter,
                "Commits of which it was unknown for a while whether they were made.",
                Double(figures.inDoubt)
            ),
            family(
                "fanoutd_store_went_back_total",
                .counter,
                "How often the database was behind what this node had seen of it.",
                Double(figures.wentBack)
            ),
        ]
        // Neither is there before the database was read.
        if let epoch = status.epoch {
            families.append(
                family(
                    "fanoutd_epoch",
                    .gauge,
                    "How often the lease was taken over, as this node saw it last.",
                    Double(epoch)
                )
            )
        }
        if let synchronous = status.synchronous {
            families.append(
                family(
                    "fanoutd_store_synchronous",
                    .gauge,
                    "1 where a second server keeps each commit too, 0 where one copy is left.",
                    synchronous ? 1 : 0
                )
            )
        }
        return families
    }

    private static func family(
        _ name: String,
        _ kind: MetricFamily.Kind,
        _ help: String,
        _ value: Double
    ) -> MetricFamily {
        MetricFamily(name, kind, help, [.init(value)])
    }
}
