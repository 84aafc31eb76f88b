import DeliveryCore
import DeliveryEngine
import HTTPTypes
import NIOCore

extension Problem {
    static func noCampaign(_ id: some CustomStringConvertible) -> Problem {
        Problem(.notFound, "there is no campaign \(id)")
    }

    static func retryLater(_ slug: Slug, _ detail: String, seconds: Int) -> Problem {
        Problem(slug, detail, headers: [.retryAfter: String(seconds)])
    }

    /// What there is too much of, with what is done with it.
    static func tooMany(_ work: String, seconds: Int = 1) -> Problem {
        .retryLater(.tooBusy, "too many \(work); try again", seconds: seconds)
    }

    static let stopping = Problem.retryLater(.stopping, "the service is stopping", seconds: 10)

    /// What only the leader does, whose URL may not be known; `rest` says what became of the request.
    static func standby(leader url: String?, rest: String = "nothing was done") -> Problem {
        let place = url.map { "ask the leader, \($0)" } ?? "ask the other nodes"
        var problem = Problem.retryLater(
            .standby,
            "this node stands by: \(place); \(rest)",
            seconds: 5
        )
        problem.state = Problem.Slug.standby.rawValue
        problem.leader = Leader(url: url)
        return problem
    }

    private static func wrongState(_ state: Campaign.State, _ detail: String) -> Problem {
        var problem = Problem(.wrongState, detail)
        problem.state = state.rawValue
        return problem
    }

    /// What the store couldn't do; `rest` says what was done all the same.
    init(_ error: QueueError, rest: String = "nothing was stored") {
        switch error {
        case .full(let detail):
            self = .retryLater(.storeFull, "\(detail); \(rest)", seconds: 60)
        case .failed(let detail):
            self = .retryLater(.storeFailed, "\(detail); \(rest)", seconds: 10)
        }
    }

    init(_ error: IntakeError, _ id: Campaign.ID) {
        switch error {
        case .notFound:
            self = .noCampaign(id)
        case .wrongState(let state):
            self = .wrongState(
                state,
                "recipients go into a draft only; the campaign is \(state.rawValue)"
            )
        case .jobRunning(let kind):
            self.init(
                .jobRunning,
                "recipients go into a draft that no job walks over; " + Self.running(kind, id)
            )
            state = Campaign.State.draft.rawValue
        case .queue(let error):
            self.init(brokenIntake: error)
        }
    }

    /// Why the store took no more of a stream of accounts.
    init(brokenIntake error: QueueError) {
        self.init(
            error,
            rest: "only what `intake` counts was stored, the stream can be sent again"
        )
    }

    /// Why a change was refused; `what` names the change as the client asked for it.
    init(_ error: ChangeError, _ id: Campaign.ID, asking what: String) {
        // A retry goes in steps, and any of them may be the last.
        let rest =
            what == "retry"
            ? "some may be back in the queue, ask again for the others" : "nothing was done"
        switch error {
        case .queue(let error):
            self.init(error, rest: rest)
        case .stopping:
            self = .retryLater(.stopping, "the service is stopping; \(rest)", seconds: 10)
        case .refused(let refusal):
            self.init(refusal, id, asking: what)
        }
    }

    private init(_ refusal: ChangeRefusal, _ id: Campaign.ID, asking what: String) {
        switch refusal {
        case .notFound:
            self = .noCampaign(id)
        case .wrongState(let state):
            let remedy = Self.remedy(what, state).map { "; \($0)" } ?? ""
            self = .wrongState(
                state,
                "\(what) is not for a campaign that is \(state.rawValue)\(remedy)"
            )
        case .emptyDraft:
            self = .wrongState(.draft, "the draft has no recipients; stream some first")
        case .intakeOpen:
            self = .wrongState(
                .draft,
                "recipients are being streamed into the draft; wait for that to end"
            )
        case .jobRunning(let kind):
            let isAsked = kind.rawValue == what
            let hindrance = isAsked ? "" : "\(what) would get in the way of a job; "
            self.init(.jobRunning, hindrance + Self.running(kind, id))
        case .noJob(let kind):
            self.init(.noJob, "no \(kind.noun) of this campaign is running")
        case .nobodyLeft(let kind):
            self.init(.nobodyLeft, kind.nobodyLeft)
        case .beyondHistory:
            self.init(
                .noHistory,
                "the provider's history doesn't reach back to this campaign; if it keeps messages for"
                    + " longer, tell the configuration (historyDays)"
            )
        case .expired:
            self.init(.wrongState, "expires_at is past; change it with PATCH first")
        case .invalid(let field, let detail):
            self = .invalid("/\(field)", detail)
        }
    }

    /// A message that was never kept can't be taken back.
    static func noHistory(_ state: Campaign.State) -> Problem {
        var problem = Problem(
            .noHistory,
            "this message is kept in no history (it is for who is online, or lives for 0 seconds): it"
                + " can't be taken back"
        )
        problem.state = state.rawValue
        return problem
    }

    /// That a job runs, and how to be rid of it.
    private static func running(_ kind: Job.Kind, _ id: Campaign.ID) -> String {
        guard Job.Kind.requested.contains(kind) else {
            return "its calls of unknown outcome are being looked up, as on_unknown says; ask again"
                + " when that has ended"
        }
        return
            "a \(kind.noun) of this campaign is running: wait for its end, or stop it with DELETE"
            + " /v1/campaigns/\(id)/\(kind.rawValue)"
    }

    /// What to do instead; nil where there is nothing.
    private static func remedy(_ what: String, _ state: Campaign.State) -> String? {
        switch what {
        case "delete" where state.isFinal: "calls of it are out: ask again when they have ended"
        case "delete": "cancel it first"
        case "start" where state.isFinal: "retry sends again to those who failed or are unknown"
        // Of a patch only `start_at` asks for a state.
        case "this patch": "start_at can't change once it has started or ended"
        case "recall" where state == .draft: "nobody was sent it; delete it"
        case "recall": "pause or cancel it first"
        case "check": "accounts are checked before the start"
        case "retry", "pause", "resume": state == .draft ? "start it first" : nil
        default: nil
        }
    }

    /// What it means that a request's body couldn't be read to its end.
    init(bodyFailure error: any Error) {
        switch error {
        case is SlowBody:
            self.init(.slowBody, "the body came slower than \(RequestLimits.rateText)")
        case is CancellationError, is StoppedBody:
            self = .stopping
        default:
            self.init(.brokenStream, "the body broke off before its end")
        }
    }
}

extension Job.Kind {
    fileprivate var noun: String {
        switch self {
        case .check: "check"
        case .verify, .settle: "verification"
        case .recall: "recall"
        }
    }

    /// Why there is nothing to do for it.
    fileprivate var nobodyLeft: String {
        switch self {
        case .check: "nobody of the draft is left to check; start it"
        case .verify, .settle: "nobody is unknown"
        case .recall: "nobody sent is left to recall"
        }
    }
}
