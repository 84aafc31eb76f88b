import DeliveryCore
import DeliveryEngine
import JSON
import QueueTables
import Synchronization
import TencentIM
import TestSupport

/// Those who use a service while it runs: each does some things, one after another, and ends when it
/// hears that the service stops.
struct ServiceClient: Sendable {
    private let life: ServiceLife
    private let service: DeliveryService
    private let store: Store

    init(_ life: ServiceLife, _ service: DeliveryService, _ store: Store) {
        self.life = life
        self.service = service
        self.store = store
    }

    /// So many come at once.
    func visit(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { try await visit() } }
            try await group.waitForAll()
        }
    }

    private func visit() async throws {
        for _ in 0..<life.draw({ Int.random(in: 3...12, using: &$0) }) {
            await life.time.wait(life.drawWait(1...20_000))
            do {
                try await act()
            } catch ChangeError.stopping {
                return
            }
        }
    }

    private func act() async throws {
        switch life.draw({ Int.random(in: 0..<16, using: &$0) }) {
        case 0..<3: try await submit()
        case 3..<5: try await stream()
        case 5:
            let isPaused = life.draw { Int.random(in: 0..<3, using: &$0) == 0 }
            try await ask { () throws(ChangeError) in try await service.setPaused(isPaused) }
        case 6: await reconfigure()
        case 7: try await look()
        case 8: await service.proveTurning()
        default: try await change()
        }
    }

    /// Asks for a change; that it is refused, or that the disk fails, is an answer too.
    private func ask(_ body: () async throws(ChangeError) -> Void) async throws(ChangeError) {
        life.clients.withLock { $0.asked += 1 }
        defer { life.clients.withLock { $0.answered += 1 } }
        do throws(ChangeError) {
            try await body()
        } catch {
            guard case .stopping = error else { return }
            throw error
        }
    }

    private func reconfigure() async {
        var limits = life.limits
        limits.messagesPerMinute = life.draw {
            Int.random(in: 30...life.limits.messagesPerMinute, using: &$0)
        }
        limits.burst = Limits.standardBurst(messagesPerMinute: limits.messagesPerMinute)
        await service.reconfigure(limits, fingerprint: "f")
    }

    private func look() async throws {
        let quota = service.quota()
        if quota.windowUsed > life.limits.messagesPerMinute { life.violated("the window is over") }
        if quota.inFlight > life.limits.inFlightLimit { life.violated("too many calls are out") }
        for id in life.clients.withLock({ $0.campaigns }) {
            guard let campaign = try await store.campaign(id) else { continue }
            let isGoing = campaign.state == .running || campaign.state == .scheduled
            if service.progress(of: campaign).eta != nil, !isGoing {
                life.violated("a campaign that is \(campaign.state) has an eta")
            }
        }
    }
}

// MARK: - Campaigns come in

extension ServiceClient {
    private static let message = Array(
        #"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hello"}}]}"#.utf8
    )

    private func submit() async throws {
        let accounts = invent()
        _ = try await create(accounts, start: true)
    }

    /// Accounts that no other campaign names.
    private func invent() -> [Account] {
        life.clients.withLock { clients in
            clients.made += 1
            return Invention.accounts(campaign: clients.made, using: &clients.random)
        }
    }

    private func create(_ accounts: [Account], start: Bool) async throws -> Campaign.ID {
        let now = life.time.now()
        let id = life.draw { Campaign.ID(at: now.timestamp, using: &$0) }
        var settings = life.draw { Invention.settings(now.timestamp, using: &$0) }
        if life.seed.isMultiple(of: 2) { settings.onUnknown = .verify }
        let campaign = NewCampaign(
            id: id,
            name: "seed \(life.seed)",
            message: try MessageTemplate().check(
                JSON(parsing: Self.message),
                in: Self.message,
                packetLimit: life.limits.packetBytes
            ).get(),
            settings: settings,
            recipients: AccountRun(accounts),
            start: start
        )
        life.provider.note { $0.add(id, settings.onUnknown) }
        _ = try await Submission(to: store, service).submit(campaign, now: now)
        life.clients.withLock { $0.campaigns.append(id) }
        return id
    }

    private func stream() async throws {
        let accounts = invent()
        let id = try await create([], start: false)
        do throws(IntakeError) {
            try await store.openIntake(id)
        } catch {
            // Somebody was faster and deleted or canceled it.
            return
        }
        do throws(IntakeError) {
            let size = life.draw { Int.random(in: 1...60, using: &$0) }
            for start in stride(from: 0, to: accounts.count, by: size) {
                await life.time.wait(life.drawWait(1...500))
                let run = AccountRun(Array(accounts[start..<min(start + size, accounts.count)]))
                _ = try await store.take(run, into: id, now: life.time.now())
                service.changes.changed(id)
            }
        } catch {
            if case .queue(let fault) = error { life.violated("an intake fails: \(fault)") }
        }
        await store.closeIntake(id)
        try await ask { () throws(ChangeError) in
            _ = try await service.change(id, .transition(.start))
        }
    }
}

// MARK: - Operators

extension ServiceClient {
    private func change() async throws {
        let campaigns = life.clients.withLock { $0.campaigns }
        guard let id = life.draw({ campaigns.randomElement(using: &$0) }) else { return }
        let change = life.draw { drawChange(using: &$0) }
        try await ask { () throws(ChangeError) in
            let changed = try await service.change(id, change)
            if change == .transition(.pause), changed.campaign.state != .paused {
                life.violated("a pause is acknowledged as \(changed.campaign.state)")
            }
            if change == .delete { life.clients.withLock { _ = $0.deleted.insert(id) } }
        }
    }

    private func drawChange(using random: inout SplitMix64) -> CampaignChange {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<3: return .transition(.pause)
        case 3..<7: return .transition(.resume)
        case 7: return .transition(.cancel)
        case 8: return .retry(RetryFilter())
        case 9: return .delete
        case 10:
            var patch = CampaignPatch()
            patch.priority = Priority.allCases.randomElement(using: &random)
            return .patch(patch)
        default:
            var patch = CampaignPatch()
            patch.messagesPerMinute = .some(Int.random(in: 5...200, using: &random))
            return .patch(patch)
        }
    }

    /// Asks while the service stops, some at once, when it may have taken its last event already.
    func insist() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    await life.time.wait(life.drawWait(0...20))
                    do throws(ChangeError) {
                        try await ask { () throws(ChangeError) in
                            try await service.setPaused(false)
                        }
                    } catch {
                        // It stops, which is an answer.
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Lets everything go on until all campaigns have ended.
    func finish() async throws {
        while true {
            try await life.time.sleep(
                until: life.time.now().instant.advanced(by: .seconds(60))
            )
            guard !life.isTroubled else { continue }
            try await ask { () throws(ChangeError) in try await service.setPaused(false) }
            var isOver = true
            for id in life.clients.withLock({ $0.campaigns }) {
                guard let campaign = try await store.campaign(id) else { continue }
                if !campaign.state.isFinal || campaign.counts.hasWork { isOver = false }
                guard let change = push(campaign) else { continue }
                try await ask { () throws(ChangeError) in
                    _ = try await service.change(id, change)
                    if change == .delete { life.clients.withLock { _ = $0.deleted.insert(id) } }
                }
            }
            if isOver { return }
        }
    }

    /// What a campaign waits for an operator to do; nil if it goes on by itself.
    private func push(_ campaign: Campaign) -> CampaignChange? {
        switch campaign.state {
        case .paused, .halted: return .transition(.resume)
        case .draft where campaign.counts.total == 0: return .delete
        case .draft:
            let now = life.time.now().timestamp
            let isLate = campaign.settings.expiresAt.map { $0 <= now } ?? false
            return .transition(isLate ? .cancel : .start)
        case .scheduled, .running, .completed, .canceled, .expired: return nil
        }
    }
}
