import DeliveryCore
import QueueStore

extension World {
    /// The world's own turn; once nothing goes wrong any more, operators let everything finish.
    mutating func tick() async throws {
        ticks += 1
        guard isTroubled else { return try await letFinish() }
        if faults.hasOutages, chance(30) { outageUntil = real.advanced(by: draw(1_000...90_000)) }
        if faults.hasClockSteps, chance(30) {
            wallOffset += .seconds(Int.random(in: -3_600...3_600, using: &random))
            readClocks()
        }
        if faults.hasReboots, chance(50), isUp { crash() }
        if faults.hasNewLimits, chance(20), isUp { reconfigure() }
        if faults.hasOperators, isUp { operate() }
        schedule(.tick, after: draw(1_000...20_000))
    }

    private mutating func chance(_ one: Int) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private mutating func letFinish() async throws {
        var isOver = true
        for id in campaigns {
            guard let campaign = try await store.campaign(id) else { continue }
            if campaign.counts.hasWork { isOver = false }
            if isUp, campaign.state == .paused || campaign.state == .halted {
                ask(.transition(id, .resume))
            }
        }
        guard !isOver else { return }
        if isUp {
            requests += 1
            hand(.pauseRequested(Dispatcher.Request(id: requests), isPaused: false))
        }
        schedule(.tick, after: .seconds(60))
    }

    mutating func ask(_ write: Write) {
        requests += 1
        hand(.requested(Dispatcher.Request(id: requests), write))
    }

    private mutating func reconfigure() {
        let parts = Int.random(in: 1...4, using: &random)
        limits.messagesPerMinute = max(1, highest.messagesPerMinute * parts / 4)
        limits.batchAccounts = max(
            1,
            highest.batchAccounts * Int.random(in: 1...4, using: &random) / 4
        )
        limits.inFlightLimit = Int.random(in: 1...highest.inFlightLimit, using: &random)
        quotas.set(limits.messagesPerMinute, at: real)
        hand(.reconfigured(limits, fingerprint: "f"))
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
        case 25..<30:
            requests += 1
            let isPaused = chance(3)
            hand(.pauseRequested(Dispatcher.Request(id: requests), isPaused: isPaused))
        default: break
        }
    }

    private mutating func patch() -> CampaignPatch {
        var patch = CampaignPatch()
        switch Int.random(in: 0..<3, using: &random) {
        case 0: patch.priority = Priority.allCases[Int.random(in: 0..<3, using: &random)]
        case 1: patch.messagesPerMinute = .some(Int.random(in: 5...200, using: &random))
        default: patch.expiresAt = .some(now.timestamp.advanced(by: draw(1_000...900_000)))
        }
        return patch
    }
}
