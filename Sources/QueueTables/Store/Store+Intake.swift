package import DeliveryCore
package import DeliveryEngine
import Platform
import Synchronization
import SystemPackage

/// How recipients come into a draft.
extension Store {
    package func openIntake(_ id: Campaign.ID) async throws(IntakeError) {
        // Before the stream begins: a client must not send a million lines to a full disk.
        try refuseIntakeWhenShort()
        // The stream is counted before the state is read: a start that comes in between is refused,
        // and an earlier one is seen here.
        countIntake(of: id, by: 1)
        let result = await engine.write(.request) { connection in
            try connection.check()
            _ = try connection.draft(id)
        }
        do {
            try intakeMapped(result)
        } catch {
            countIntake(of: id, by: -1)
            throw error
        }
    }

    /// Needs no transaction, so it succeeds even if the file or its disk fails.
    package func closeIntake(_ id: Campaign.ID) async {
        countIntake(of: id, by: -1)
    }

    package func takesIn(_ id: Campaign.ID) async -> Bool {
        intakes.withLock { $0[id] != nil }
    }

    private func countIntake(of id: Campaign.ID, by change: Int) {
        intakes.withLock { intakes in
            let count = (intakes[id] ?? 0) + change
            intakes[id] = count > 0 ? count : nil
        }
    }

    package func take(
        _ run: AccountRun,
        into id: Campaign.ID,
        now: Now
    ) async throws(IntakeError) -> Taken {
        try refuseIntakeWhenShort()
        return try await take(SortedSlices(of: run), into: id, now: now)
    }

    fileprivate func take(
        _ slices: SortedSlices,
        into id: Campaign.ID,
        now: Now
    ) async throws(IntakeError) -> Taken {
        try await take(slices, now: now) { transaction, slice, _ in
            try transaction.take(slice, into: id)
        } mapped: { result throws(IntakeError) in
            try intakeMapped(result)
        } fault: { error in
            if case .queue(let fault) = error { fault } else { nil }
        }
    }

    private func refuseIntakeWhenShort() throws(IntakeError) {
        do {
            try engine.refuseWhenShort()
        } catch {
            throw .queue(error)
        }
    }

    fileprivate func intakeMapped<T>(_ result: Result<T, any Error>) throws(IntakeError) -> T {
        switch result {
        case .success(let value): return value
        case .failure(let error as IntakeError): throw error
        case .failure(let error): throw .queue(engine.queueError(error))
        }
    }

    package func spilledRuns(into id: Campaign.ID) -> (any SpilledRuns)? {
        engine.scratchFolder.map { DraftRuns(store: self, campaign: id, folder: FilePath($0)) }
    }
}

/// The runs of one stream into a draft.
private final class DraftRuns: SpilledRuns {
    private let store: Store
    private let campaign: Campaign.ID
    private let folder: FilePath
    /// Nil until the first run is spilled.
    private let spill = Mutex<RunSpill?>(nil)

    /// The bytes of the shortest first run that is spilled: merging takes as many, whatever share
    /// of the intake's memory the stream has by then.
    private static let leastFootprint = 1 << 20

    init(store: Store, campaign: Campaign.ID, folder: FilePath) {
        self.store = store
        self.campaign = campaign
        self.folder = folder
    }

    var isEmpty: Bool { spill.withLock { $0 }?.isEmpty ?? true }

    func spill(_ run: AccountRun) async -> Bool {
        guard !isEmpty || run.footprint >= Self.leastFootprint else { return false }
        let spilled = await store.sorting {
            try self.store.engine.refuseWhenShort()
            let spill = try self.opened()
            guard !spill.isFull else { return false }
            try spill.add(run)
            return true
        }
        switch spilled {
        case .success(let isSpilled): return isSpilled
        // Runs can be stored one by one as well.
        case .failure: return false
        }
    }

    private func opened() throws -> RunSpill {
        try spill.withLock { spill in
            let opened = try spill ?? RunSpill(ScratchFile(in: folder))
            spill = opened
            return opened
        }
    }

    func store(now: Now) async throws(IntakeError) -> Taken {
        guard let spill = spill.withLock({ $0 }) else {
            return try await store.take(AccountRun(), into: campaign, now: now)
        }
        defer { spill.removeAll() }
        let slices = try store.intakeMapped(Result { try SortedSlices(of: spill) })
        return try await store.take(slices, into: campaign, now: now)
    }
}
