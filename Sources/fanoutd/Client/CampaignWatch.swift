import DeliveryCore

/// Looks at a campaign again and again until nothing more happens to it by itself.
package struct CampaignWatch {
    package let client: DaemonClient
    package let id: String

    /// Often enough for a bar to move, seldom enough to be nothing to the daemon.
    private static let interval = Duration.seconds(1)
    /// A daemon that is restarted is back within this many looks.
    private static let patience = 60

    package init(client: DaemonClient, id: String) {
        self.client = client
        self.id = id
    }

    /// Shows progress on standard error; answers how the campaign stands in the end.
    package func run() async throws -> CampaignView {
        var display = ProgressDisplay()
        var misses = 0
        while true {
            do throws(CommandFailure) {
                let campaign = try await client.campaign(id)
                misses = 0
                if campaign.ending != nil {
                    display.clear()
                    return campaign
                }
                var progress = campaign.progress
                if let hindrance = await hindrance(to: campaign) {
                    progress.note = "\(hindrance)  \(progress.note)"
                }
                display.show(progress)
            } catch {
                misses += 1
                let mayPass = error.code == .unreachable || error.code == .tryAgain
                guard mayPass, misses < Self.patience else {
                    display.clear()
                    throw error
                }
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    /// Why nothing of a running campaign goes out, where all sending is what stands still.
    private func hindrance(to campaign: CampaignView) async -> String? {
        guard campaign.state == "running", campaign.count(.sending) == 0 else { return nil }
        do throws(CommandFailure) {
            return QuotaView.hindrance(in: try await client.sendForJSON(.init("GET", "/v1/quota")))
        } catch {
            // The campaign was there a moment ago; the next look tells.
            return nil
        }
    }

    /// Says how it ended; anything but "everyone sent" ends the process with code 1.
    package static func conclude(_ campaign: CampaignView) throws(CommandFailure) {
        switch campaign.ending {
        case .everyoneSent:
            StandardError.writeLine("completed: \(campaign.total.grouped) sent")
        case .halted(let reason):
            throw CommandFailure(
                .incomplete,
                "the campaign is halted: \(reason)\n"
                    + "Mend the cause and go on with: fanoutd resume \(campaign.id)"
            )
        case .notEveryone, nil:
            let counts = campaign.counts.filter { $0.count > 0 }
                .map { "\($0.status) \($0.count.grouped)" }
            throw CommandFailure(
                .incomplete,
                "\(campaign.state): \(counts.joined(separator: ", "))\n"
                    + "See who: \(campaign.exportOfMissed)"
            )
        }
    }
}
