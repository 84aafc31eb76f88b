import DeliveryCore
import DeliveryEngine
import QueueTables

extension World {
    /// Checks a life that is over, whatever it was about; the record says what was broken.
    package mutating func check() async throws {
        let told = hasHook ? try await store.tellAll(Telling.subscription.hook, now: now) : [:]
        for id in campaigns {
            guard let campaign = try await store.campaign(id) else {
                if !promises.deleted.contains(id) { record.violated("a campaign is gone") }
                continue
            }
            let recipients = try await recipients(of: id)
            record.check(campaign, recipients)
            promises.check(id, recipients)
            checkJobs(campaign, recipients)
            guard hasHook else { continue }
            let lane = id.lane
            for fault in telling.faults(campaign, told: told[lane] ?? []) { record.violated(fault) }
        }
        let strays = try await store.strayRowCount()
        if strays > 0 { record.violated("\(strays) rows of campaigns that are gone") }
        for violation in promises.violations { record.violated(violation) }
        checkQuota()
        checkCaps()
        try await checkTraffic()
        let elapsed = Self.start.duration(to: real).inSeconds
        let bound = 40 * (calls + ticks + crashes + 50) + Int(elapsed / 3)
        if steps > bound { record.violated("\(steps) steps for \(calls) calls") }
    }

    /// How long before its arrival a call may have been decided on.
    private var travel: Duration { highest.callTimeout + LedgerEntry.grace + .seconds(1) }

    private mutating func checkQuota() {
        if provider.busiestMinute > provider.quota { record.violated("over the quota") }
        if provider.busiestWindow > provider.quota {
            record.violated("over the quota, \(provider.window)")
        }
        if provider.refusals > 0 { record.violated("refused for the quota") }
        let excess = quotas.excess(of: provider.received, travel: travel, sparesSingles: false)
        if let excess { record.violated("over the quota: \(excess)") }
    }

    private mutating func checkCaps() {
        let arrivals = Dictionary(grouping: provider.received, by: \.campaign)
        for id in campaigns {
            guard let caps = caps[id], let own = arrivals[id] else { continue }
            let excess = caps.excess(of: own, travel: travel, sparesSingles: true)
            if let excess { record.violated("over the cap of campaign \(id): \(excess)") }
        }
    }
}
