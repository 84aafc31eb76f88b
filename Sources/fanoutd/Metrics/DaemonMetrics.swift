package import DeliveryCore
package import DeliveryEngine
import PrometheusText

/// The metrics of section 9 of the contract: counters, and gauges that are read at each scrape.
package struct DaemonMetrics: MetricsText {
    package let contentType = MetricFamily.contentType
    private let delivery: DeliveryMetrics
    private let hooks: any Hooks
    private let quota: @Sendable () -> QuotaStatus
    private let queue: any QueueFigures
    private let time: any TimeSource
    private let process: ProcessFigures

    package init(
        delivery: DeliveryMetrics,
        hooks: any Hooks = NoHooks(),
        quota: @escaping @Sendable () -> QuotaStatus,
        queue: any QueueFigures,
        time: any TimeSource,
        process: ProcessFigures
    ) {
        self.delivery = delivery
        self.hooks = hooks
        self.quota = quota
        self.queue = queue
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
        families += stateFamilies(quota())
        families += delivery.families
        families += await queueFamilies()
        families += process.families
        return MetricFamily.text(of: families)
    }

    private func stateFamilies(_ quota: QuotaStatus) -> [MetricFamily] {
        let states = ServiceState.allCases.map { state in
            MetricFamily.Sample(state == quota.state ? 1 : 0, [.init("state", state.rawValue)])
        }
        return [
            MetricFamily(
                "fanoutd_state",
                .gauge,
                "1 for the state that all sending is in, 0 for the others.",
                states
            ),
            gauge(
                "fanoutd_quota_limit_messages_per_minute",
                "The app's quota as configured.",
                quota.messagesPerMinute
            ),
            gauge(
                "fanoutd_quota_window_messages",
                "Recipients that count against the quota now.",
                quota.windowUsed
            ),
            gauge(
                "fanoutd_in_flight_calls",
                "Calls to the provider under way.",
                quota.inFlight
            ),
            gauge(
                "fanoutd_closed_campaigns",
                "Running campaigns that wait for their sending hours.",
                quota.closedCampaigns
            ),
        ]
    }

    /// The queue's gauges, left out while the queue can't be read, so that the others are still
    /// there.
    private func queueFamilies() async -> [MetricFamily] {
        let ended = queue.ended
        let statuses: [Recipient.Status] = [
            .sent, .failed, .unknown, .canceled, .expired, .suppressed,
        ]
        var families = [
            MetricFamily(
                "fanoutd_recipients_total",
                .counter,
                "Recipients that became final, by their status; a retry takes nothing back.",
                statuses.map { .init(Double(ended[$0]), [.init("status", $0.rawValue)]) }
            )
        ]
        if let size = queue.logSize {
            families.append(
                gauge("fanoutd_store_wal_bytes", "Size of the store's write-ahead log.", size)
            )
        }
        do throws(QueueError) {
            families += standingFamilies(try await queue.standing())
            families += HookMetrics.families(try await hooks.standing())
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
