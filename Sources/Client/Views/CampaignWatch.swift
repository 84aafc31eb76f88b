package import Platform

/// Polls a campaign until its state changes no more by itself.
package struct CampaignWatch {
    package let client: DaemonClient
    package let id: String

    /// Often enough for a moving bar, and no load for the daemon.
    private static let interval = Duration.seconds(1)

    package init(client: DaemonClient, id: String) {
        self.client = client
        self.id = id
    }

    /// Shows progress on standard error; answers the campaign at its end, when no job of it goes on
    /// either.
    package func run() async throws(CommandFailure) -> CampaignView {
        try await run(showing: { campaign in
            guard campaign.ending == nil else { return campaign.goingJob?.progress }
            var progress = campaign.progress
            if let hindrance = await hindrance(to: campaign) {
                progress.note = "\(hindrance)  \(progress.note)"
            }
            return progress
        })
    }

    /// Shows what is `shown` of the campaign until that is nothing; answers the campaign as it is
    /// then.
    func run(
        showing shown: (CampaignView) async -> Progress?
    ) async throws(CommandFailure) -> CampaignView {
        var display = ProgressDisplay()
        var patience = WatchPatience()
        while true {
            do throws(CommandFailure) {
                let campaign = CampaignView(try await client.sendForJSON(look))
                if let note = patience.answered() {
                    display.clear()
                    StandardError.writeLine("fanoutd: \(note)")
                }
                guard let progress = await shown(campaign) else {
                    display.clear()
                    return campaign
                }
                display.show(progress)
            } catch {
                let step = patience.missed(error)
                // The bar's text is out of date.
                if step != .wait { display.clear() }
                switch step {
                case .wait: break
                case .say(let note): StandardError.writeLine("fanoutd: \(note)")
                case .giveUp: throw error
                }
            }
            do {
                try await ContinuousClock().sleep(for: Self.interval)
            } catch {
                throw CommandFailure(.tryAgain, "the watch was broken off")
            }
        }
    }

    /// A daemon that takes longer to answer a status counts as unreachable.
    private var look: DaemonClient.Request {
        var request = DaemonClient.Request.campaign(id)
        request.timeout = .seconds(10)
        return request
    }

    /// Why a running campaign sends nothing, if all sending has stopped.
    private func hindrance(to campaign: CampaignView) async -> String? {
        guard campaign.state == "running", campaign.count(.sending) == 0 else { return nil }
        do throws(CommandFailure) {
            return QuotaView.hindrance(in: try await client.sendForJSON(.quota))
        } catch {
            // The campaign was there a moment ago; the next poll tells.
            return nil
        }
    }

    /// The line for a campaign of which everyone was sent who may be addressed.
    package static func success(_ campaign: CampaignView) -> String {
        let suppressed = campaign.count(.suppressed)
        let line = "completed: \(campaign.count(.sent).grouped) sent"
        return suppressed == 0 ? line : "\(line), \(suppressed.grouped) suppressed"
    }

    /// Prints the end; anything but "everyone sent" ends the process with code 1.
    package static func conclude(_ campaign: CampaignView) throws(CommandFailure) {
        switch campaign.ending {
        case .everyoneSent:
            StandardError.writeLine(Self.success(campaign))
        case .halted(let reason):
            throw CommandFailure(
                .incomplete,
                "the campaign is halted: \(reason)\n"
                    + "Mend the cause and go on with: fanoutd resume \(campaign.id)"
            )
        case .unstarted:
            throw CommandFailure(
                .refused,
                "\(campaign.id) is a draft with \(campaign.total.grouped) recipients: nothing goes "
                    + "out until it is started\nStart it with: fanoutd start \(campaign.id)"
            )
        case .notEveryone, nil:
            throw CommandFailure(
                .incomplete,
                "\(campaign.state): \(campaign.breakdown.joined(separator: ", "))\n"
                    + "See who: \(campaign.exportOfMissed)"
            )
        }
    }
}

/// How long a watch continues without an answer, and its messages meanwhile.
package struct WatchPatience: Sendable {
    private var misses = 0

    /// A restarting daemon is back within this many polls.
    package static let lookLimit = 60

    package init() {}

    package enum Step: Sendable, Hashable {
        case say(String)
        case wait
        case giveUp
    }

    /// The first missed poll is reported at once; a permanent fault ends the watch.
    package mutating func missed(_ failure: CommandFailure) -> Step {
        let mayPass = failure.code == .unreachable || failure.code == .tryAgain
        misses += 1
        guard mayPass, misses < Self.lookLimit else { return .giveUp }
        return misses == 1 ? .say("\(failure.message)\n  trying again for a minute") : .wait
    }

    /// The message that the daemon answers again; nil if no poll was missed.
    package mutating func answered() -> String? {
        defer { misses = 0 }
        return misses > 0 ? "the daemon answers again" : nil
    }
}
