import DeliveryCore
import QueueTables
import Simulation
import TencentIM

/// Calls that go as Tencent's answers say, which the production adapter sorts.
enum TencentAnswers {
    typealias Fate = Faults.CallFate

    /// The whole call is refused with a code, without a list.
    static func refusal(_ code: Int, _ batch: Batch) -> Fate {
        answer(#"{"ActionStatus":"FAIL","ErrorCode":\#(code),"ErrorInfo":"no"}"#, batch)
    }

    /// Every account is listed with a code, under this status.
    static func everyone(_ code: Int, _ batch: Batch, status: String = "FAIL") -> Fate {
        let list = batch.accounts.map { account in
            #"{"To_Account":"\#(account.text)","ErrorCode":\#(code)}"#
        }
        let own = status == "FAIL" ? code : 0
        let body = #"{"ActionStatus":"\#(status)","ErrorCode":\#(own),"ErrorList":["#
        return answer(body + list.joined(separator: ",") + "]}", batch)
    }

    private static func answer(_ body: String, _ batch: Batch) -> Fate {
        .answered(Answer.outcome(of: Array(body.utf8), to: batch.accounts))
    }
}

/// How a world's campaigns ended, in numbers.
struct Ending {
    var counts = Counts()
    var states: [Campaign.State] = []
    var violations: [String]
    /// When the last call went out.
    let lastCall: Duration

    init(_ world: inout World, of ids: [Campaign.ID]) async throws {
        lastCall = world.story.calls.last?.after ?? .zero
        for id in ids {
            guard let campaign = try await world.store.campaign(id) else { continue }
            world.record.check(campaign, try await world.recipients(of: id))
            states.append(campaign.state)
            for status in Recipient.Status.allCases {
                counts[status] += campaign.counts[status]
            }
        }
        violations = world.record.violations
        if world.provider.busiestMinute > world.provider.quota { violations.append("over quota") }
        if world.provider.refusals > 0 { violations.append("refused for the quota") }
    }
}

extension World {
    /// A world whose provider answers calls as a script says.
    static func scripted(
        limits: Limits = Limits(),
        seed: UInt64 = 1,
        _ script: @escaping @Sendable (Story.Call) -> Faults.CallFate?
    ) throws -> World {
        var world = try World(
            seed: seed,
            limits: limits,
            provider: ProviderModel(quota: limits.messagesPerMinute)
        )
        world.story.script = script
        return world
    }
}
