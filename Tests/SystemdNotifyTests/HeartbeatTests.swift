import Glibc
import Synchronization
import SystemdNotify
import Testing

@Suite struct HeartbeatTests {
    private let listener: Listener
    private let socket: NotifySocket

    init() throws {
        let name = "@fanoutd-heart-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        listener = try Listener(at: name)
        socket = NotifySocket(address: name)
    }

    /// A heart that beats as often as its clock lets it, with one status after the other; the last
    /// one stays.
    private func run(
        _ socket: NotifySocket,
        beats: Int,
        timeout: Int? = nil,
        _ statuses: [String] = ["idle"],
        isAlive: @escaping @Sendable () async -> Bool = { true }
    ) async throws -> [Duration] {
        let asked = Mutex(0)
        let clock = CountedClock(sleeps: beats)
        let heartbeat = Heartbeat(
            socket: socket,
            watchdog: Watchdog(
                environment: timeout.map { ["WATCHDOG_USEC": "\($0)000000"] } ?? [:],
                processID: 7
            ),
            clock: clock,
            status: {
                guard let last = statuses.last else {
                    Issue.record("a status is asked for that nobody is told")
                    return ""
                }
                return asked.withLock { asked in
                    defer { asked += 1 }
                    return asked < statuses.count ? statuses[asked] : last
                }
            },
            isAlive: isAlive
        )
        try await heartbeat.run()
        return clock.slept
    }

    @Test func `a heart that isn't alive doesn't feed the watchdog`() async throws {
        for isAlive in [true, false] {
            _ = try await run(socket, beats: 1, ["5 queued"]) { isAlive }
            #expect(listener.receive() == "STATUS=5 queued" + (isAlive ? "\nWATCHDOG=1" : ""))
        }
    }

    @Test func `a status that changes is told often, one that stays seldom`() async throws {
        let slept = try await run(socket, beats: 6, ["2 queued", "1 queued", "", "", "1 queued"])
        #expect(slept == [5, 5, 5, 30, 5, 30].map { .seconds($0) })
        for text in ["2 queued", "1 queued", "running", "running", "1 queued", "1 queued"] {
            #expect(listener.receive() == "STATUS=\(text)\nWATCHDOG=1")
        }
    }

    @Test(arguments: [(60, [5, 30, 30]), (12, [5, 6, 6]), (8, [4, 4, 4]), (600, [5, 30, 30])])
    func `the watchdog is fed twice in its timeout, or more often`(
        timeout: Int,
        intervals: [Int]
    ) async throws {
        let slept = try await run(socket, beats: 3, timeout: timeout)
        #expect(slept == intervals.map { .seconds($0) })
    }

    @Test func `where nobody listens life is proven seldom, and nobody asks for a status`()
        async throws
    {
        let proofs = Mutex(0)
        let slept = try await run(NotifySocket(address: nil), beats: 3, []) {
            proofs.withLock { $0 += 1 }
            return true
        }
        #expect(slept == [30, 30, 30].map { .seconds($0) })
        #expect(proofs.withLock { $0 } == 3)
    }
}

/// A clock on which nobody waits, and on which sleeping ends with a cancellation after a while.
private final class CountedClock: Clock {
    struct Instant: InstantProtocol {
        var offset = Duration.zero

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant()
        var slept: [Duration] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(sleeps: Int) { limit = sleeps }

    var slept: [Duration] { state.withLock { $0.slept } }
    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let isLast = state.withLock { state in
            state.slept.append(state.now.duration(to: deadline))
            state.now = deadline
            return state.slept.count == limit
        }
        if isLast { throw CancellationError() }
    }
}
