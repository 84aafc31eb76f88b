import DeliveryCore
import DeliveryEngine
import PrometheusText
import TestSupport
import Testing
import fanoutd

@Suite struct `The metrics` {
    private let delivery = DeliveryMetrics()

    private func report(
        _ queue: FakeFigures = FakeFigures(),
        quota: QuotaStatus = makeQuota()
    ) async -> Report {
        let metrics = DaemonMetrics(
            delivery: delivery,
            sending: { .init(quota: quota, queue: queue, hooks: FakeHooks()) },
            ended: { queue.ended },
            quotaLimit: { 12_000 },
            time: StoppedTime(),
            process: ProcessFigures(clock: StoppedTime())
        )
        return Report(String(decoding: await metrics.text(), as: UTF8.self))
    }

    /// Section 9 of the contract, with the labels of each.
    private static let contract: [String: Set<String>] = [
        "fanoutd_build_info": ["version"], "fanoutd_recipients_total": ["status"],
        "fanoutd_resent_recipients_total": [], "fanoutd_calls_total": ["result"],
        "fanoutd_errors_total": ["code"], "fanoutd_call_duration_seconds": ["le"],
        "fanoutd_quota_limit_messages_per_minute": [], "fanoutd_quota_window_messages": [],
        "fanoutd_closed_campaigns": [], "fanoutd_in_flight_calls": [],
        "fanoutd_campaigns": ["state"],
        "fanoutd_queue_recipients": [], "fanoutd_oldest_queued_seconds": [],
        "fanoutd_store_commit_duration_seconds": ["le"], "fanoutd_store_wal_bytes": [],
        "fanoutd_state": ["state"], "fanoutd_job_calls_total": ["job", "result"],
        "fanoutd_job_recipients_total": ["job", "result"],
        "fanoutd_webhook_deliveries_total": ["hook", "result"],
        "fanoutd_webhook_dropped_total": ["hook"], "fanoutd_webhook_backlog": ["hook"],
        "fanoutd_webhook_stopped": ["hook"],
    ]

    private struct FakeHooks: Hooks {
        func standing() async throws(QueueError) -> [HookStanding] {
            var standing = HookStanding(id: 1, url: "", kinds: [])
            standing.backlog = HookBacklog(count: 3, oldestAt: nil)
            standing.figures.settled = 7
            standing.figures.givenUp = 2
            standing.isStopped = true
            return [standing]
        }

        func test(_ id: Int) async -> HookTry? { nil }
    }

    @Test func `count what webhooks were told, and what they are still to be told`() async {
        let report = await report()
        let told = "fanoutd_webhook_deliveries_total"
        #expect(report["\(told){hook=\"1\",result=\"settled\"}"] == 7)
        #expect(report["\(told){hook=\"1\",result=\"failed\"}"] == 0)
        #expect(report["\(told){hook=\"1\",result=\"given_up\"}"] == 2)
        #expect(report["fanoutd_webhook_backlog{hook=\"1\"}"] == 3)
        #expect(report["fanoutd_webhook_stopped{hook=\"1\"}"] == 1)
    }

    @Test func `are those of the contract, and some of the process`() async {
        delivery.answered(.refused(.campaign, code: 90_001, text: ""), makeBatch(), took: .zero)
        let report = await report()
        let ours = report.labels.filter { !$0.key.hasPrefix("process_") }
        #expect(ours == Self.contract)
        let process = report.labels.keys.filter { $0.hasPrefix("process_") }
        #expect(
            process.sorted() == [
                "process_cpu_seconds_total", "process_max_fds", "process_open_fds",
                "process_resident_memory_bytes", "process_start_time_seconds",
            ]
        )
        #expect(report.duplicates == [])
        #expect(Set(report.helps) == Set(report.labels.keys))
        #expect(report.helps.count == report.labels.count)
    }

    @Test func `show every state, status and result from the start`() async {
        let report = await report()
        for state in ServiceState.allCases {
            let isShown = state == .running ? 1.0 : 0
            #expect(report["fanoutd_state{state=\"\(state.rawValue)\"}"] == isShown)
        }
        for state in Campaign.State.allCases {
            #expect(report["fanoutd_campaigns{state=\"\(state.rawValue)\"}"] == 0)
        }
        for status in ["sent", "failed", "unknown", "canceled", "expired", "suppressed"] {
            #expect(report["fanoutd_recipients_total{status=\"\(status)\"}"] == 0)
        }
        for result in ["accepted", "partial", "throttled", "refused", "not_sent", "unknown"] {
            #expect(report["fanoutd_calls_total{result=\"\(result)\"}"] == 0)
        }
        #expect(report["fanoutd_build_info{version=\"\(Fanoutd.version)\"}"] == 1)
    }

    @Test func `count calls by how they ended, and recipients by the code that refused them`()
        async
    {
        let batch = makeBatch(count: 5)
        let refused = [70_107, 70_107, 70_169].enumerated().map { index, code in
            Outcome.RefusedAccount(account: batch.accounts[index], code: code, kind: .final)
        }
        let outcomes: [Outcome] = [
            .answered(messageKey: "k", refused: []), .answered(messageKey: "k", refused: refused),
            .refused(.throttled(atLeast: .zero), code: 90_057, text: ""),
            .refused(.credentials, code: 70_009, text: ""), .notSent("refused"),
            .unknown(.timeout), .unknown(.service(code: 90_994)),
        ]
        for outcome in outcomes { delivery.answered(outcome, batch, took: .milliseconds(30)) }
        delivery.report(.resent(batch.campaign, count: 5))
        delivery.report(.retired(batch.campaign))
        let report = await report()
        let results = [
            "accepted": 1, "partial": 1, "throttled": 1, "refused": 1, "not_sent": 1, "unknown": 2,
        ]
        for (result, count) in results {
            #expect(report["fanoutd_calls_total{result=\"\(result)\"}"] == Double(count))
        }
        let codes = [70_107: 2, 70_169: 1, 90_057: 5, 70_009: 5, 90_994: 5]
        for (code, count) in codes {
            #expect(report["fanoutd_errors_total{code=\"\(code)\"}"] == Double(count))
        }
        #expect(report["fanoutd_resent_recipients_total"] == 5)
        #expect(report["fanoutd_call_duration_seconds_count"] == 7)
        #expect(report["fanoutd_call_duration_seconds_bucket{le=\"0.025\"}"] == 0)
        #expect(report["fanoutd_call_duration_seconds_bucket{le=\"0.05\"}"] == 7)
        #expect(report["fanoutd_call_duration_seconds_bucket{le=\"+Inf\"}"] == 7)
    }

    @Test func `count jobs' calls and recipients, what a policy asks for as a verification`() async
    {
        let answers: [(Job.Kind, JobAnswer)] = [
            (.check, .check(.answered(missing: [], unclear: []))),
            (.check, .check(.unknown(.timeout))),
            (.verify, .lookUp(.notSent("refused"))),
            (.settle, .lookUp(.answered(HistoryPage(found: nil, next: nil)))),
            (.settle, .lookUp(.notSent("refused"))),
            (.recall, .recall(.answered(.recalled(code: 0)))),
            (.recall, .recall(.answered(.missing(code: 20_022)))),
            (.recall, .recall(.refused(.recipients, code: 90_003, text: ""))),
        ]
        for (kind, answer) in answers { delivery.jobAnswered(kind, answer) }
        func settle(_ kind: Job.Kind, _ results: [Job.Result: Int]) {
            var tally = Job.Tally()
            for (result, count) in results { tally[result] = count }
            delivery.jobSettled(kind, tally)
        }
        settle(.check, [.present: 90, .missing: 10])
        settle(.verify, [.found: 3])
        settle(.settle, [.found: 4, .absent: 1])
        settle(.recall, [.recalled: 5, .missing: 2, .failed: 1])
        settle(.recall, [.recalled: 5])
        let report = await report()
        let calls: [String: [String: Double]] = [
            "check": ["answered": 1, "refused": 0, "not_sent": 0, "unknown": 1],
            "verify": ["answered": 1, "refused": 0, "not_sent": 2, "unknown": 0],
            "recall": ["answered": 2, "refused": 1, "not_sent": 0, "unknown": 0],
        ]
        let recipients: [String: [String: Double]] = [
            "check": ["present": 90, "missing": 10, "unclear": 0],
            "verify": ["found": 7, "absent": 1, "unclear": 0],
            "recall": ["recalled": 10, "missing": 2, "failed": 1],
        ]
        for (name, jobs) in [("calls", calls), ("recipients", recipients)] {
            for (job, results) in jobs {
                for (result, count) in results {
                    let labels = "{job=\"\(job)\",result=\"\(result)\"}"
                    #expect(report["fanoutd_job_\(name)_total\(labels)"] == count)
                }
            }
        }
    }

    @Test func `show where the queue, the quota and the service stand`() async {
        delivery.committed(took: .microseconds(700))
        let queue = FakeFigures(
            standing: .success(
                QueueStanding(
                    campaigns: [.running: 2, .halted: 1],
                    recipients: 900,
                    waitingSince: Timestamp(milliseconds: StoppedTime.milliseconds - 90_500)
                )
            ),
            ended: makeCounts(sent: 7, failed: 2),
            logSize: 4_096
        )
        let report = await report(queue, quota: makeQuota(windowUsed: 11_500, state: .throttled))
        #expect(report["fanoutd_campaigns{state=\"running\"}"] == 2)
        #expect(report["fanoutd_campaigns{state=\"halted\"}"] == 1)
        #expect(report["fanoutd_queue_recipients"] == 900)
        #expect(report["fanoutd_oldest_queued_seconds"] == 90.5)
        #expect(report["fanoutd_recipients_total{status=\"sent\"}"] == 7)
        #expect(report["fanoutd_recipients_total{status=\"failed\"}"] == 2)
        #expect(report["fanoutd_store_wal_bytes"] == 4_096)
        #expect(report["fanoutd_store_commit_duration_seconds_bucket{le=\"0.0005\"}"] == 0)
        #expect(report["fanoutd_store_commit_duration_seconds_bucket{le=\"0.001\"}"] == 1)
        #expect(report["fanoutd_quota_limit_messages_per_minute"] == 12_000)
        #expect(report["fanoutd_quota_window_messages"] == 11_500)
        #expect(report["fanoutd_in_flight_calls"] == 1)
        #expect(report["fanoutd_state{state=\"throttled\"}"] == 1)
        #expect(report["fanoutd_state{state=\"running\"}"] == 0)
    }

    @Test func `leave out the queue while it can't be read`() async {
        let queue = FakeFigures(standing: .failure(.failed("disk")), ended: makeCounts(sent: 3))
        let report = await report(queue, quota: makeQuota(state: .storeFailed))
        #expect(report.labels["fanoutd_campaigns"] == nil)
        #expect(report.labels["fanoutd_queue_recipients"] == nil)
        #expect(report["fanoutd_state{state=\"store_failed\"}"] == 1)
        #expect(report["fanoutd_recipients_total{status=\"sent\"}"] == 3)
    }

    @Test func `know a bounded number of codes, whatever a provider answers`() async {
        let batch = makeBatch(count: 2)
        for code in 1...1_000 {
            delivery.answered(.refused(.recipients, code: code, text: ""), batch, took: .zero)
        }
        // One that was known before goes on being counted under its own name.
        delivery.answered(.refused(.recipients, code: 1, text: ""), batch, took: .zero)
        let report = await report()
        let codes = report.values.filter { $0.key.hasPrefix("fanoutd_errors_total") }
        #expect(codes.count == 201)
        #expect(codes.values.reduce(0, +) == 2_002)
        #expect(report["fanoutd_errors_total{code=\"other\"}"] == 1_600)
        #expect(report["fanoutd_errors_total{code=\"1\"}"] == 4)
        #expect(report.duplicates == [])
    }

    @Test func `have no account in them`() async {
        let batch = makeBatch(count: 3)
        let refused = batch.accounts.map {
            Outcome.RefusedAccount(account: $0, code: 70_107, kind: .final)
        }
        delivery.answered(.answered(messageKey: "k", refused: refused), batch, took: .zero)
        #expect(await !report().text.contains("bonnie"))
    }
}

/// A scrape, read again the simplest way.
private struct Report {
    let text: String
    private(set) var values: [String: Double] = [:]
    private(set) var duplicates: [String] = []
    /// Families in the order of their help.
    private(set) var helps: [String] = []
    /// Which labels occur in each family that has series.
    private(set) var labels: [String: Set<String>] = [:]

    init(_ text: String) {
        self.text = text
        var family = ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP") {
                family = String(words[2])
                helps.append(family)
            }
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { continue }
            let series = String(line[..<space])
            if values[series] != nil { duplicates.append(series) }
            values[series] = Double(line[line.index(after: space)...])
            let inner = series.split(separator: "{").dropFirst().first?.dropLast() ?? ""
            labels[family, default: []].formUnion(
                inner.split(separator: ",").compactMap { $0.split(separator: "=").first }
                    .map { String($0) }
            )
        }
    }

    subscript(series: String) -> Double? { values[series] }
}

private struct StoppedTime: TimeSource {
    static let milliseconds: Int64 = 1_762_824_600_000

    func now() -> Now {
        Now(
            instant: Instant(nanoseconds: 0),
            timestamp: Timestamp(milliseconds: Self.milliseconds)
        )
    }

    func sleep(until instant: Instant) async throws {
        Issue.record("something sleeps on a clock that stands still")
    }
}

private struct FakeFigures: QueueFigures {
    var standing: Result<QueueStanding, QueueError> = .success(QueueStanding())
    var ended = Counts()
    var logSize: Int? = 0

    func standing() async throws(QueueError) -> QueueStanding { try standing.get() }
}

private func makeCounts(sent: Int = 0, failed: Int = 0) -> Counts {
    var counts = Counts()
    counts.sent = sent
    counts.failed = failed
    return counts
}

private func makeQuota(
    windowUsed: Int = 0,
    state: ServiceState = .running
) -> QuotaStatus {
    QuotaStatus(
        messagesPerMinute: 12_000,
        windowUsed: windowUsed,
        nextCallAt: Timestamp(milliseconds: 0),
        callsPerSecond: 200,
        state: state,
        window: QuotaWindow(held: windowUsed, unanswered: 0, room: 0, releases: []),
        inFlight: 1
    )
}
