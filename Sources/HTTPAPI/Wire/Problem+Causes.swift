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
        case .queue(let error):
            self.init(
                error,
                rest: "only what `intake` counts was stored, the stream can be sent again"
            )
        }
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
        case .expired:
            self.init(.wrongState, "expires_at is past; change it with PATCH first")
        case .invalid(let field, let detail):
            self = .invalid("/\(field)", detail)
        }
    }

    /// What to do instead; nil where there is nothing.
    private static func remedy(_ what: String, _ state: Campaign.State) -> String? {
        switch what {
        case "delete" where state.isFinal: "calls of it are out: ask again when they have ended"
        case "delete": "cancel it first"
        case "start" where state.isFinal: "retry sends again to those who failed or are unknown"
        // Of a patch only `start_at` asks for a state.
        case "this patch": "start_at can't change once it has started or ended"
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
