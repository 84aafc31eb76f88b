import DeliveryCore
import DeliveryEngine
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport

/// Opens a disk as it was found after a cut, after a reboot, and says what is wrong with it.
///
/// It must hold one of these sets of rows: the one acknowledged last or, if the power was cut in
/// the middle of a commit, the one that would have been acknowledged next. One that may be an old
/// copy, by what the lock's file says, may hold a whole window besides.
func fault(
    of found: FaultyDisk,
    _ allowed: [StoredRows],
    mayBeCopy: Bool = false
) async throws
    -> String?
{
    let store = try Store.open(at: found.path, options: makeOptions(boot: "after the cut"))
    let rows = try StoredRows(at: found.path, checksIntegrity: true)
    guard rows.integrity == "ok" else { return "the integrity check says: \(rows.integrity)" }
    guard allowed.contains(rows) else {
        let difference = allowed.last.map { rows.difference(from: $0) } ?? ""
        return "it isn't what was acknowledged: \(difference)"
    }
    let now = at(7)
    let restored = try await store.restore(now: now)
    if let fault = fault(of: restored, rows, now: now, mayBeCopy: mayBeCopy) { return fault }
    for campaign in try await store.campaigns(
        matching: .init(states: []),
        before: nil,
        limit: 1_000
    ).campaigns {
        var counted = Counts()
        for recipient in try await store.everybody(of: campaign.id, pageSize: 500) {
            counted[recipient.status] += 1
        }
        guard campaign.counts == counted else {
            return "\(campaign.counts) isn't what its rows say: \(counted)"
        }
    }
    try store.close()
    return nil
}

private func fault(of restored: Restored, _ rows: StoredRows, now: Now, mayBeCopy: Bool) -> String?
{
    guard restored.inFlight.map(\.id.rawValue) == rows.inFlight else {
        return "\(restored.inFlight.map(\.id)) were out rather than \(rows.inFlight)"
    }
    guard restored.open.map(\.id.rawValue) == rows.waiting else {
        return "\(restored.open.map(\.id)) wait rather than \(rows.waiting)"
    }
    // A hold that is over on its own boot's clock when that last wrote counts no more.
    let expected = rows.holds.compactMap { hold -> [Int64]? in
        let left = hold.releaseAt.map { $0 - rows.lastInstant }
        let until = left ?? ((65_000 + hold.timeout) * 1_000_000)
        return until > 0 ? [Int64(hold.count), now.instant.nanoseconds + until] : nil
    }
    var holds = restored.holds.map { [Int64($0.count), $0.until.nanoseconds] }
    if mayBeCopy { holds.removeAll { $0[0] == 10_000_000 } }
    return holds == expected ? nil : "holds \(holds) rather than \(expected)"
}
