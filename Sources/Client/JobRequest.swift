package import Platform

/// A campaign's job from the command line: asked for, followed, stopped.
package struct JobRequest: Sendable {
    package let client: DaemonClient
    package let id: String
    package let kind: JobView.Kind

    package init(client: DaemonClient, id: String, kind: JobView.Kind) {
        self.client = client
        self.id = id
        self.kind = kind
    }

    /// Asks for it; the answer is the campaign.
    package func start(_ body: [UInt8]? = nil) async throws(CommandFailure) -> [UInt8] {
        var request = DaemonClient.Request.change(id, "/\(kind.rawValue)")
        if let body { request.body = .json(body) }
        return try await client.send(request)
    }

    /// Stops it within the calls in flight; the answer is the campaign.
    package func stop() async throws(CommandFailure) -> [UInt8] {
        var request = DaemonClient.Request.change(id, "/\(kind.rawValue)")
        request.method = "DELETE"
        return try await client.send(request)
    }

    /// Shows progress until it goes on no more, and answers it as it is then.
    package func follow() async throws(CommandFailure) -> (job: JobView, campaign: CampaignView) {
        let watch = CampaignWatch(client: client, id: id)
        let campaign = try await watch.run(showing: { campaign in
            campaign.job(kind).flatMap { $0.isGoing ? $0.progress : nil }
        })
        guard let job = campaign.job(kind) else {
            throw CommandFailure(.tryAgain, "the campaign shows no \(kind.noun) any more")
        }
        return (job, campaign)
    }
}

/// A recall as it is announced before anything is taken back.
package struct RecallNotice: Sendable {
    private let campaign: CampaignView
    private let callsPerSecond: Int?

    /// The rate unless the configuration or the user says otherwise.
    private static let standardRate = 100

    /// What `campaign` is to be recalled at; a nil rate is the configured one.
    package init(_ campaign: CampaignView, callsPerSecond: Int?) {
        self.campaign = campaign
        self.callsPerSecond = callsPerSecond
    }

    /// Messages to be taken back, as far as the campaign tells.
    package var count: Int {
        guard let last = campaign.job(.recall), last.state != "completed" else {
            return campaign.count(.sent)
        }
        return max(0, last.total - last.done)
    }

    /// What it will do and how long it takes.
    package var text: String {
        let rate = max(1, callsPerSecond ?? Self.standardRate)
        let seconds = (count + rate - 1) / rate
        let time = seconds < 90 ? "\(seconds) s" : Progress.clock(.seconds(seconds))
        let pace =
            callsPerSecond == nil
            ? "\(rate) a second (jobs.recallCallsPerSecond, unless it says otherwise)"
            : "\(rate) a second"
        let done =
            campaign.job(.recall)?.state == "completed" ? ", less those of the last recall" : ""
        return
            "takes \(count.grouped) message\(count == 1 ? "" : "s")\(done) back at \(pace): about"
            + " \(time); what is on a lock screen stays"
    }

    /// What is typed to agree: the campaign's name, or its id if it has none.
    package var password: String {
        let name = Self.trimmed(campaign.name)
        return name.isEmpty ? campaign.id : name
    }

    /// What is asked on a terminal.
    package var question: String {
        let what = password == campaign.id ? "id" : "name"
        return "It can't be undone. Type the campaign's \(what) to go on: "
    }

    /// Whether an answer agrees; white space at its ends doesn't count.
    package func isAgreed(_ answer: String) -> Bool {
        Self.trimmed(answer).utf8.elementsEqual(password.utf8)
    }

    private static func trimmed(_ text: String) -> String {
        let rest = text.drop(while: \.isWhitespace).reversed()
        return String(rest.drop(while: \.isWhitespace).reversed())
    }
}
