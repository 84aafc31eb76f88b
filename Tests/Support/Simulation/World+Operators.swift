import DeliveryCore
import QueueTables

extension World {
    /// The world's own turn; once nothing goes wrong any more, operators let everything finish.
    mutating func tick() async throws {
        ticks += 1
        guard isTroubled else { return try await letFinish() }
        if faults.hasOutages, chance(30) { outageUntil = real.advanced(by: draw(1_000...90_000)) }
        if faults.hasClockSteps, chance(30) {
            wallOffset += .seconds(Int.random(in: -3_600...3_600, using: &random))
            if faults.hasYears, chance(2) {
                wallOffset += Bool.random(using: &random) ? year : .zero - year
            }
            readClocks()
        }
        if faults.hasReboots, chance(50), isUp { crash() }
        try await disturbTerms()
        if faults.hasNewLimits, chance(20), isUp { reconfigure() }
        if faults.hasOperators, isUp { operate() }
        try await keepList()
        try await visit()
        schedule(.tick, after: draw(1_000...20_000))
    }

    private var year: Duration { .seconds(365 * 86_400) }

    mutating func chance(_ one: Int) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private mutating func letFinish() async throws {
        // A database that is still to go back brings back rows that were removed.
        var isOver = kept == nil
        wallOffset = .zero
        readClocks()
        for id in campaigns {
            guard let campaign = try await store.campaign(id) else { continue }
            if campaign.counts.hasWork || campaign.state == .draft { isOver = false }
            if isUp, campaign.counts.hasWork { openHours(of: campaign) }
            if campaign.jobs.contains(where: { $0.state == .running }) { isOver = false }
            if isUp, campaign.state == .draft { finish(campaign) }
            if isUp, campaign.state == .scheduled { begin(campaign) }
            if isUp, campaign.state == .paused || campaign.state == .halted {
                ask(.transition(id, .resume))
            }
        }
        guard !isOver || !isUp else { return endUpkeep() }
        if isUp { askPause(false) }
        schedule(.tick, after: .seconds(60))
    }

    /// One more sweep takes what is left, and then nothing comes any more.
    private mutating func endUpkeep() {
        guard limits.upkeep != Upkeep() else { return }
        limits.upkeep = Upkeep()
        hand(.reconfigured(limits, fingerprint: "f"))
    }

    /// Lets a campaign go on whose start was named by a clock that was a year ahead.
    private mutating func begin(_ campaign: Campaign) {
        let soon = now.timestamp.advanced(by: .seconds(4_000))
        guard let startAt = campaign.settings.startAt, startAt > soon else { return }
        guard campaign.startedAt == nil else { return ask(.transition(campaign.id, .cancel)) }
        var patch = CampaignPatch()
        patch.startAt = .some(nil)
        ask(.patch(campaign.id, patch))
    }

    /// Ends what a draft waits for, if nobody streams into it.
    private mutating func finish(_ draft: Campaign) {
        guard !streams.contains(where: { $0.id == draft.id && !$0.isOver }) else { return }
        let isLate = draft.settings.expiresAt.map { $0 <= now.timestamp } ?? false
        let isEmpty = draft.counts.total == 0
        ask(isEmpty ? .delete(draft.id) : .transition(draft.id, isLate ? .cancel : .start))
    }

    mutating func ask(_ write: Write) {
        requests += 1
        promises.asked(requests, .change(write))
        hand(.requested(Dispatcher.Request(id: requests), write))
    }

    mutating func askPause(_ isPaused: Bool) {
        requests += 1
        promises.asked(requests, .pause(isPaused))
        hand(.pauseRequested(Dispatcher.Request(id: requests), isPaused: isPaused))
    }

    private mutating func reconfigure() {
        drawLimits()
        hand(.reconfigured(limits, fingerprint: "f"))
    }

    mutating func drawLimits() {
        let parts = Int.random(in: 1...4, using: &random)
        limits.messagesPerMinute = max(1, highest.messagesPerMinute * parts / 4)
        limits.batchAccounts = max(
            1,
            highest.batchAccounts * Int.random(in: 1...4, using: &random) / 4
        )
        limits.inFlightLimit = Int.random(in: 1...highest.inFlightLimit, using: &random)
        quotas.set(limits.messagesPerMinute, at: real)
    }

    private mutating func operate() {
        let id = campaigns[Int.random(in: 0..<campaigns.count, using: &random)]
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<6: ask(.transition(id, .pause))
        case 6..<18: ask(.transition(id, .resume))
        case 18: ask(.transition(id, .cancel))
        case 19..<21: ask(.retry(id, RetryFilter()))
        case 21: ask(.retry(id, RetryFilter(failed: true, unknown: false, codes: [70_107])))
        case 22..<25: ask(.patch(id, patch()))
        case 25..<30: askPause(chance(3))
        case 30..<32 where faults.hasStreams: ask(.transition(id, .start))
        case 32..<36 where faults.hasDeletes: ask(.delete(id))
        case 36..<40 where faults.hasJobs: askJob()
        default: break
        }
    }

    private mutating func patch() -> CampaignPatch {
        var patch = CampaignPatch()
        if faults.hasHours, chance(2) {
            patch.sendBetween = .some(Invention.hours(now.timestamp, using: &random))
            return patch
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: patch.priority = Priority.allCases[Int.random(in: 0..<3, using: &random)]
        case 1: patch.messagesPerMinute = .some(Int.random(in: 5...200, using: &random))
        default: patch.expiresAt = .some(now.timestamp.advanced(by: draw(1_000...900_000)))
        }
        return patch
    }
}
