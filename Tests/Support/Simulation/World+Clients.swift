import DeliveryCore
import DeliveryEngine
import QueueTables

extension World {
    /// A client that streams recipients into a draft and starts it when all are in.
    struct Stream: Sendable {
        let id: Campaign.ID
        let runs: [[Account]]
        var next = 0
        /// The life in which its intake is open.
        var openIn: Int?
        var isOver = false
    }

    /// Enough to have many at once, and few enough for a life to stay short.
    private static let campaignLimit = 7

    /// Clients come with campaigns while others run.
    mutating func visit() async throws {
        guard campaigns.count < Self.campaignLimit else { return }
        if faults.hasNewCampaigns, chance(20), takesRequests { try await submit() }
        if faults.hasStreams, chance(20), takesRequests { try await draft() }
    }

    private mutating func submit() async throws {
        let accounts = Invention.accounts(campaign: campaigns.count, using: &random)
        let settings = inventedSettings()
        try await submit(accounts, settings)
    }

    /// A campaign is stored, its client is told so, and the dispatcher hears of it.
    mutating func submit(_ accounts: [Account], _ settings: Campaign.Settings) async throws {
        let created = try await create(accounts, settings: settings, start: true)
        submissions.append((created.campaign.id, real))
        // Durable, and the dispatcher may never hear of it, or only once a stopped process is woken.
        let isOver = crashesNow()
        guard let work = created.work else { return }
        if isOver { return leave(.event(.admitted(work))) }
        schedule(.event(.admitted(work)), after: draw(1...20))
    }

    private mutating func inventedSettings() -> Campaign.Settings {
        var settings = Invention.settings(now.timestamp, using: &random)
        if faults.hasJobs { settings.onUnknown = Invention.policy(using: &random) }
        if faults.hasHours {
            settings.sendBetween = Invention.hours(now.timestamp, using: &random)
        }
        return settings
    }

    private mutating func draft() async throws {
        let accounts = Invention.accounts(campaign: campaigns.count, using: &random)
        let settings = inventedSettings()
        let created = try await create([], settings: settings, start: false)
        let size = Int.random(in: 1...60, using: &random)
        let runs = stride(from: 0, to: accounts.count, by: size).map { start in
            // Some of the run before come once more.
            Array(accounts[max(0, start - size / 3)..<min(accounts.count, start + size)])
        }
        streams.append(Stream(id: created.campaign.id, runs: runs))
        schedule(.client(streams.count - 1), after: draw(1...500))
    }

    /// A client's next step; a crash breaks its stream, and it begins anew.
    mutating func turn(ofClient index: Int) async throws {
        guard takesRequests else { return schedule(.client(index), after: draw(500...5_000)) }
        let stream = streams[index]
        guard !stream.isOver else { return }
        do throws(IntakeError) {
            try await go(on: index)
        } catch {
            if case .queue = error { record.violated("an intake fails: \(error)") }
            // Somebody started, canceled or deleted it: the stream is refused.
            if stream.openIn == life { await store.closeIntake(stream.id) }
            streams[index].isOver = true
        }
        if !streams[index].isOver { schedule(.client(index), after: draw(5...3_000)) }
    }

    private mutating func go(on index: Int) async throws(IntakeError) {
        let stream = streams[index]
        guard stream.openIn == life else {
            try await store.openIntake(stream.id)
            streams[index].openIn = life
            streams[index].next = 0
            return
        }
        guard stream.next < stream.runs.count else {
            await store.closeIntake(stream.id)
            streams[index].isOver = true
            return ask(.transition(stream.id, .start))
        }
        if isTroubled, faults.happens(faults.failedCommit, &random) {
            // The connection broke: what was taken stays.
            await store.closeIntake(stream.id)
            streams[index].openIn = nil
            return
        }
        let run = stream.runs[stream.next]
        let taken = try await store.take(AccountRun(run), into: stream.id, now: now)
        promises.offered(run, to: stream.id)
        promises.took(taken.total, in: stream.id)
        // Durable, and the client may never hear of it.
        if crashesNow() { return }
        promises.accepted(run, by: stream.id)
        streams[index].next += 1
    }
}
