import DeliveryCore
import DeliveryEngine
import Glibc
import QueueFixtures
import QueueTables
import SQLiteQueue
import TestSupport
import Testing

/// Two processes never write to one store, by whatever names they know it.
@Suite struct FenceTests {
    private let files = TemporaryFiles()

    private func open(_ path: String) throws -> Store {
        try Store.open(at: path, options: makeOptions())
    }

    /// Why a write was refused; nil if it was done.
    private func refusal(by store: Store) async -> String? {
        do {
            _ = try await store.commit([], now: at(1))
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a symbolic link to a store, or to its folder, leads to the same lock`() throws {
        let store = try open(files.path("a"))
        let links = TemporaryFiles()
        unsafe symlink(files.path("a"), links.path("c"))
        // By a relative target, over another link.
        unsafe symlink("c", links.path("b"))
        for name in ["b", "c"] {
            let locked = StoreError.locked(
                path: files.path("a") + ".lock",
                processID: Int(getpid())
            )
            #expect(throws: locked) { _ = try open(links.path(name)) }
        }
        unsafe unlink(links.path("a"))
        unsafe symlink(files.directory, links.path("a"))
        #expect {
            _ = try open(links.path("a/a"))
        } throws: { error in
            guard case .locked = error as? StoreError else { return false }
            return true
        }
        try store.close()
    }

    @Test func `a symbolic link is a path to a store like any other`() async throws {
        // First to where there is none yet.
        let links = TemporaryFiles()
        unsafe symlink(files.path("a"), links.path("a"))
        do {
            let store = try open(links.path("a"))
            _ = try await store.create(makeNewCampaign(), now: at(0))
            try store.close()
        }
        for suffix in ["-wal", "-shm", ".lock"] {
            #expect(links.contents(links.path("a") + suffix) == nil, "\(suffix)")
        }
        let direct = try open(files.path("a"))
        #expect(try await direct.counts().total == 10)
        #expect(try await direct.restore(now: at(1)).holds.isEmpty, "it is no other store")
        try direct.close()
    }

    @Test func `a store with a second name is refused by both`() throws {
        try open(files.path("a")).close()
        #expect(unsafe link(files.path("a"), files.path("b")) == 0)
        for name in ["a", "b"] {
            let path = files.path(name)
            #expect(throws: StoreError.linked(path: path, names: 2)) { _ = try open(path) }
        }
        files.remove("b")
        try open(files.path("a")).close()
    }

    @Test func `a folder is refused as one`() {
        let path = files.path("a")
        #expect(unsafe mkdir(path, 0o700) == 0)
        #expect(throws: StoreError.folder(path: path)) { _ = try open(path) }
    }

    @Test func `who opens a store last has it, should the lock's file be deleted`() async throws {
        let first = try open(files.path("a"))
        _ = try await first.create(makeNewCampaign(), now: at(0))
        _ = try await first.restore(now: at(0))
        files.remove("a.lock")
        let second = try open(files.path("a"))
        // It can't know what the first one sent since.
        #expect(try await second.restore(now: at(2)).holds.map(\.count) == [10_000_000])
        let text = await refusal(by: first)
        #expect(text?.contains("another fanoutd has taken the store over") == true, "\(text ?? "")")
        await #expect(throws: QueueError.self) {
            _ = try await first.create(makeNewCampaign(makeID(2)), now: at(1))
        }
        await #expect(throws: QueueError.self) { try await first.claim() }
        // Its end takes nothing from the other.
        try first.close()
        #expect(try await second.claim().accounts.count == 10)
        #expect(try await second.campaign(makeID(2)) == nil)
        try second.close()
    }

    @Test func `a store that is moved away while it is in use takes nothing until it is back`()
        async throws
    {
        let store = try open(files.path("a"))
        _ = try await store.create(makeNewCampaign(), now: at(0))
        #expect(unsafe rename(files.path("a"), files.path("b")) == 0)
        let text = await refusal(by: store)
        #expect(text?.contains("moved, deleted or replaced") == true, "\(text ?? "")")
        await #expect(throws: QueueError.self) { try await store.claim() }
        // Nor with another file in its place.
        files.copy("b", to: "a", only: [""])
        #expect(await refusal(by: store) != nil)
        #expect(unsafe rename(files.path("b"), files.path("a")) == 0)
        #expect(await refusal(by: store) == nil)
        #expect(try await store.claim().accounts.count == 10)
        try store.close()
    }

    @Test func `a stream that ends while the file is moved away leaves its draft free`()
        async throws
    {
        let store = try open(files.path("a"))
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        try await store.openIntake(makeID())
        #expect(unsafe rename(files.path("a"), files.path("b")) == 0)
        await store.closeIntake(makeID())
        // One that can't begin counts no more either.
        await #expect(throws: IntakeError.self) { try await store.openIntake(makeID()) }
        #expect(unsafe rename(files.path("b"), files.path("a")) == 0)
        let result = try await store.commit(.transition(makeID(), .start))
        guard case .changed(.success(let change)) = result else {
            Issue.record("the draft can't start: \(result)")
            return
        }
        #expect(change.campaign.state == .running)
        try store.close()
    }

    @Test func `a stream that ends while another process holds the file leaves its draft free`()
        async throws
    {
        let store = try open(files.path("a"))
        _ = try await store.create(makeNewCampaign(start: false), now: at(0))
        let other = try SQLiteConnection(at: files.path("a"))
        try other.execute("BEGIN IMMEDIATE")
        // As somebody's shell may; what only looks needn't wait for it.
        try await store.openIntake(makeID())
        await store.closeIntake(makeID())
        try other.execute("COMMIT")
        try other.close()
        let result = try await store.commit(.delete(makeID()))
        guard case .changed(.success) = result else {
            Issue.record("the draft can't be deleted: \(result)")
            return
        }
        try store.close()
    }

    @Test func `a copy beside the log of the store before is refused, and untouched`() async throws
    {
        let store = try open(files.path("a"))
        _ = try await store.create(makeNewCampaign(), now: at(0))
        let copy = try StoreCopy(of: files.path("a"), at: files.path("c"))
        while try copy.step() {}
        try copy.finish(isPaused: false)
        _ = try await store.create(makeNewCampaign(makeID(2)), now: at(1))
        files.copy("a", to: "b", only: ["-wal", ".lock"])
        files.copy("c", to: "b", only: [""])
        try store.close()
        let path = files.path("b")
        #expect(throws: StoreError.foreignLog(path: path)) { _ = try open(path) }
        #expect(files.contents(path) == files.contents(files.path("c")))
        files.remove("b-wal")
        let restored = try open(path)
        #expect(try await restored.counts().total == 10)
        #expect(try await restored.restore(now: at(2)).holds.map(\.count) == [10_000_000])
        try restored.close()
    }
}
