import DeliveryCore
import DeliveryEngine
import HTTPTypes
import JSON

// What the contract shows, as JSON.
extension JSONText {
    mutating func field(_ name: StaticString, _ time: Timestamp?) {
        field(name, time?.rfc3339)
    }

    mutating func reason(_ reason: Campaign.Reason?) {
        guard let reason else { return null() }
        object {
            $0.field("code", reason.code)
            $0.field("text", reason.text)
        }
    }

    /// A job, `waiting` if it runs and no call of it goes out now.
    mutating func job(_ job: Job?, progress: JobProgress?) {
        guard let job else { return null() }
        let progress = job.state == .running ? progress : nil
        object {
            $0.field("state", progress?.waitsFor == nil ? job.state.rawValue : "waiting")
            $0.field("reason") { $0.reason(progress?.waitsFor ?? job.reason) }
            $0.field("total", job.total)
            $0.field("done", job.tally.done)
            for result in job.kind.results {
                $0.field(named: result.rawValue) { $0.number(job.tally[result]) }
            }
            $0.field("started_at", job.startedAt)
            $0.field("finished_at", job.finishedAt)
            $0.field("eta", progress?.eta)
        }
    }

    mutating func counts(_ counts: Counts) {
        field("total", counts.total)
        field("queued", counts.queued)
        field("sending", counts.sending)
        field("retrying", counts.retrying)
        field("sent", counts.sent)
        field("failed", counts.failed)
        field("unknown", counts.unknown)
        field("canceled", counts.canceled)
        field("expired", counts.expired)
        field("suppressed", counts.suppressed)
    }

    /// Where the quota and all sending stand, and which part this node has in it.
    mutating func quota(_ status: QuotaStatus, in cluster: ClusterStatus?) {
        object {
            $0.standing(status)
            $0.field("cluster") { $0.cluster(cluster) }
        }
    }

    /// Where the quota and all sending stand.
    mutating func quota(_ status: QuotaStatus) {
        object { $0.standing(status) }
    }

    private mutating func standing(_ status: QuotaStatus) {
        field("messages_per_minute", status.messagesPerMinute)
        field("window_used", status.windowUsed)
        field("next_call_at", status.nextCallAt)
        field("calls_per_second", status.callsPerSecond)
        field("state", status.state.rawValue)
        field("reason") { $0.reason(status.reason) }
        field("since", status.since)
        field("until", status.until)
        field("remedy", status.remedy)
        field("pace", status.pace)
        object("window") { $0.window(status.window) }
        field("in_flight", status.inFlight)
        field("config_error", status.configError)
    }

    mutating func cluster(_ status: ClusterStatus?) {
        guard let status else { return null() }
        object {
            $0.field("role", status.role.rawValue)
            $0.field("leader", status.leader)
            $0.field("epoch") { $0.number(status.epoch) }
            $0.field("synchronous") { text in
                if let synchronous = status.synchronous {
                    text.bool(synchronous)
                } else {
                    text.null()
                }
            }
        }
    }

    private mutating func window(_ window: QuotaWindow) {
        field("held", window.held)
        field("unanswered", window.unanswered)
        field("room", window.room)
        array("releases", of: window.releases) { $0.number($1) }
    }

    /// What was sent in one step of the history.
    mutating func traffic(_ step: TrafficStep) {
        object {
            $0.field("at", step.start)
            $0.field("limit", step.limit)
            $0.field("addressed", step.addressed)
            $0.field("sent", step.sent)
            $0.field("failed", step.failed)
            $0.field("retrying", step.retrying)
            $0.field("unknown", step.unknown)
        }
    }

    /// Why a campaign, or all sending, moves no faster, and the state it is in.
    mutating func explanation(_ explanation: Explanation, of state: String) {
        object {
            $0.field("state", state)
            $0.field("moving", explanation.isMoving)
            $0.field("last_call_at", explanation.lastCallAt)
            $0.objects("causes", of: explanation.causes) { text, cause in
                text.field("cause", cause.kind.rawValue)
                text.field("text", cause.text)
                text.field("until", cause.until)
                text.field("remedy", cause.remedy)
            }
        }
    }

    mutating func plan(_ plan: SendingPlan) {
        object {
            $0.field("batches", plan.batches)
            $0.field("largest_batch_accounts", plan.largestBatchAccounts)
            $0.field("largest_packet_bytes", plan.largestPacketBytes)
            $0.field("seconds", plan.seconds)
        }
    }

    /// What came of a stream of accounts.
    mutating func summary(_ summary: IntakeSummary) {
        object {
            $0.field("accepted", summary.accepted)
            $0.field("duplicates", summary.duplicates)
            $0.field("invalid", summary.invalid.count)
            $0.objects("invalid_examples", of: summary.invalid.examples) { text, example in
                text.field("line", example.line)
                text.field("reason", example.reason)
            }
            $0.field("total", summary.total)
        }
    }

    mutating func problem(_ problem: Problem) {
        object {
            $0.field("type", problem.slug.type)
            $0.field("title", problem.slug.title)
            $0.field("status", problem.slug.status.code)
            $0.field("detail", problem.detail)
            if let state = problem.state { $0.field("state", state) }
            if let leader = problem.leader { $0.field("leader", leader.url) }
            if !problem.faults.isEmpty {
                $0.objects("errors", of: problem.faults) { text, fault in
                    text.field("pointer", fault.pointer)
                    text.field("detail", fault.detail)
                }
            }
            if let intake = problem.intake { $0.field("intake") { $0.summary(intake) } }
        }
    }
}
