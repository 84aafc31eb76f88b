import Simulation
import Testing

/// Checks the checker: mistakes planted on purpose are caught, and nothing is caught without them.
struct SabotageTests {
    @Test(arguments: Sabotage.allCases.filter { !$0.isAboutTerms })
    func `a planted mistake is caught, and nothing without it`(sabotage: Sabotage) async throws {
        try await plant(sabotage, seeds: 1...5)
    }

    @Test(arguments: Sabotage.allCases.filter(\.isAboutTerms))
    func `so is one about several nodes on one database`(sabotage: Sabotage) async throws {
        try await plant(sabotage, seeds: 1...2)
    }

    private func plant(_ sabotage: Sabotage, seeds: ClosedRange<UInt64>) async throws {
        var caught: [String] = []
        for seed in seeds {
            let sound = try await Trial(for: sabotage, isPlanted: false, seed: seed)
            #expect(sound.violations.isEmpty, "\(sabotage), seed \(seed), not planted")
            caught += try await Trial(for: sabotage, isPlanted: true, seed: seed).violations
        }
        let isCaught = caught.contains { $0.contains(sabotage.sign) }
        #expect(isCaught, "nothing says “\(sabotage.sign)”, only \(caught.prefix(3))")
    }

    /// Those that show in a few lives of the swarm, which know nothing of them.
    @Test(arguments: [
        Sabotage.ledgerBySendTime, .cursorMovedAtFetch, .wholeBatchRetried, .listClosedAsRange,
        .counterOffByOne, .unsentStaysCounted, .wakeLate,
    ])
    func `the swarm meets a planted mistake by itself`(sabotage: Sabotage) async throws {
        for seed in UInt64(101)...140 {
            let life = try await Life(seed: seed, sabotage: sabotage)
            if life.violations.contains(where: { $0.contains(sabotage.sign) }) { return }
        }
        Issue.record("40 lives say nothing of “\(sabotage.sign)”")
    }

    /// Those about several nodes, which lives have that share a database.
    @Test(arguments: [
        Sabotage.staleLeaderCommits, .doubtTakenAsFailed, .doubtTakenAsMade, .goingBackUnnoticed,
    ])
    func `lives with several nodes meet a planted mistake about them by themselves`(
        sabotage: Sabotage
    ) async throws {
        for seed in UInt64(1)...60 {
            let life = try await Life(
                seed: seed,
                isDeep: true,
                hasRules: true,
                hasTerms: true,
                sabotage: sabotage
            )
            if !life.violations.isEmpty { return }
        }
        Issue.record("60 lives say nothing of \(sabotage)")
    }

    /// Those about jobs, which only deep lives have.
    @Test(arguments: [
        Sabotage.foundTakenForAbsent, .failedRecallCounted, .laterCallRecalled,
    ])
    func `deep lives meet a planted mistake about jobs by themselves`(
        sabotage: Sabotage
    ) async throws {
        for seed in UInt64(1)...100 {
            let life = try await Life(seed: seed, isDeep: true, sabotage: sabotage)
            if life.violations.contains(where: { $0.contains(sabotage.sign) }) { return }
        }
        Issue.record("100 lives say nothing of “\(sabotage.sign)”")
    }

    /// Those about the suppression list, which only the latest lives have.
    @Test(arguments: [
        Sabotage.suppressionLost, .suppressionsForgottenAtStart, .suppressionIgnoredByRepeat,
    ])
    func `lives with a suppression list meet a planted mistake about it by themselves`(
        sabotage: Sabotage
    ) async throws {
        for seed in UInt64(1)...40 {
            let life = try await Life(seed: seed, isDeep: true, hasRules: true, sabotage: sabotage)
            if life.violations.contains(where: { $0.contains(sabotage.sign) }) { return }
        }
        Issue.record("40 lives say nothing of “\(sabotage.sign)”")
    }
}

extension Sabotage {
    /// What the record says of it.
    fileprivate var sign: String {
        switch self {
        case .ledgerBySendTime, .crashHeldWithoutTimeout, .unknownHeldAsAnswered,
            .ledgerErasedWithCampaign:
            "over the quota"
        case .cursorMovedAtFetch: "has no end: sending"
        case .wholeBatchRetried: "is accepted twice"
        case .listClosedAsRange: "is sent and was never accepted"
        case .maybeAcceptedClearedByCancel: "is canceled and was accepted"
        case .unknownUnspent: "is addressed more often than attempts allow"
        case .refusalUnspent: "spends no attempt and nobody sees why"
        case .counterOffByOne: "counters add up to another sum"
        case .settledBySendTime, .foundTakenForAbsent: "is accepted twice under verify"
        case .unsentStaysCounted: "addressed in all minutes"
        case .failedRecallCounted, .laterCallRecalled: "is recalled and its message is there"
        case .wakeLate: "doesn't move: nothing is in the way"
        case .closingMissedByCommit, .zoneOutOfDate: "a call goes out outside its hours"
        case .suppressionLost, .suppressionsForgottenAtStart, .suppressionIgnoredByRepeat:
            "is addressed and was on the suppression list"
        case .suppressionKept: "is suppressed and was on no list"
        case .goingBackUnnoticed: "over the quota"
        // Its batches have the keys of the other leader's.
        case .staleLeaderCommits: "a campaign ends as halted"
        case .staleLeaderCalls: "is accepted twice under verify"
        case .doubtTakenAsFailed: "has no end: sending"
        case .doubtTakenAsMade: "was sent: sending"
        }
    }
}
