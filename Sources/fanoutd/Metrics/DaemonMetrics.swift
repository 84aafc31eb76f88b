package import DeliveryCore
package import DeliveryEngine
import PrometheusText

/// The metrics of section 9 of the contract: counters, and gauges that are read at each scrape.
package struct DaemonMetrics: MetricsText {
    package let contentType = MetricFamily.contentType
    private let delivery: DeliveryMetrics
    private let sending: @Sendable () -> Sending?
    private let ended: @Sendable () -> Counts
    private let quotaLimit: @Sendable () -> Int
    private let leadership: (any Leadership)?
    private let time: any TimeSource
    private let process: ProcessFigures

    /// What a node sends, and from where.
    package struct Sending: Sendable {
        let quota: QuotaStatus
        let queue: any QueueFigures
        let hooks: any Hooks

        package init(quota: QuotaStatus, queue: any QueueFigures, hooks: any Hooks) {
            self.quota = quota
            self.queue = queue
            self.hooks = hooks
        }
    }

    /// `sending` is nil while the node stands by; `ended` are the recipients that became final since
    /// the process began; without a `leadership` there is one node alone.
    package init(
        delivery: DeliveryMetrics,
        sending: @escaping @Sendable () -> Sending?,
        ended: @escaping @Sendable () -> Counts,
        quotaLimit: @escaping @Sendable () -> Int,
        leadership: (any Leadership)? = nil,
        time: any TimeSource,
        process: ProcessFigures
    ) {
        self.delivery = delivery
        self.sending = sending
        self.ended = ended
        self.quotaLimit = quotaLimit
        self.leadership = leadership
        self.time = time
        self.process = process
    }

    package func text() async -> [UInt8] {
        let build = [MetricFamily.Label("version", Fanoutd.version)]
        var families = [
            MetricFamily(
                "fanoutd_build_info",
                .gauge,
                "1, with the version that runs.",
                [.init(1, build)]
            )
        ]
        let sending = sending()
        families += stateFamilies(sending?.quota)
        families += leadership.map(ClusterMetrics.families) ?? []
        families += delivery.families
        families += [endedFamily]
        if let sending { families += await queueFamilies(sending) }
        families += process.families
        return MetricFamily.text(of: families)
    }

    /// A node that stands by is in none of the states, and knows nothing of the quota's window.
    private func stateFamilies(_ quota: QuotaStatus?) -> [MetricFamily] {
        let states = ServiceState.allCases.map { state in
            MetricFamily.Sample(state == quota?.state ? 1 : 0, [.init("state", state.rawValue)])
        }
        let families = [
            MetricFamily(
                "fanoutd_state",
                .gauge,
                "1 for the state that all sending is in, 0 for the others.",
                states
            ),
            gauge(
                "fanoutd_quota_limit_messages_per_minute",
                "The app's quota as configured.",
                quotaLimit()
            ),
            gauge(
                "fanoutd_in_flight_calls",
                "Calls to the provider under way.",
                quota?.inFlight ?? 0
            ),
        ]
        guard let quota else { return families }
        return families + [
            gauge(
                "fanoutd_quota_window_messages",
                "Recipients that count against the quota now.",
                quota.windowUsed
            ),
            gauge(
                "fanoutd_closed_campaigns",
                "Running campaigns that wait for their sending hours.",
                quota.closedCampaigns
            ),
        ]
    }

    private var endedFamily: MetricFamily {
        let ended = ended()
        let statuses: [Recipient.Status] = [
            .sent, .failed, .unknown, .canceled, .expired, .suppressed,
        ]
        return MetricFamily(
            "fanoutd_recipients_total",
            .counter,
            "Recipients that became final, by their status; a retry takes nothing back.",
            statuses.map { .init(Double(ended[$0]), [.init("status", $0.rawValue)]) }
        )
    }

    /// The queue's gauges, left out while the queue can't be read, so that the others are still
    /// there.
    private func queueFamilies(_ sending: Sending) async -> [MetricFamily] {
        var families: [MetricFamily] = []
        if let size = sending.queue.logSize {
            families.append(
                gauge("fanoutd_store_wal_bytes", "Size of the store's write-ahead log.", size)
            )
        }
        do throws(QueueError) {
            families += standingFamilies(try await sending.queue.standing())
            families += HookMetrics.families(try await sending.hooks.standing())
        } catch {
            // `fanoutd_state` shows that the store fails, and the log says why.
        }
        return families
    }

    private func standingFamilies(_ standing: QueueStanding) -> [MetricFamily] {
        let now = time.now().timestamp
        let age = standing.waitingSince.map { max(0, $0.duration(to: now).inSeconds) } ?? 0
        return [
            MetricFamily(
                "fanoutd_campaigns",
                .gauge,
                "Campaigns, by their state.",
                Campaign.State.allCases.map { state in
                    let count = standing.campaigns[state] ?? 0
                    return .init(Double(count), [.init("state", state.rawValue)])
                }
            ),
            gauge(
                "fanoutd_queue_recipients",
                "Recipients that aren't final yet, of scheduled, running, paused and halted campaigns.",
                standing.recipients
            ),
            MetricFamily(
                "fanoutd_oldest_queued_seconds",
                .gauge,
                "How long ago the oldest running campaign with recipients left was started.",
                [.init(age)]
            ),
        ]
    }

    private func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, .gauge, help, [.init(Double(value))])
    }
}
