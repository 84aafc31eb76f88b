import DeliveryCore
import DeliveryEngine
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing

/// What a watcher hears while a script runs: one step each time the stream waits.
@Suite struct `A watcher of events` {
    private let service = FakeService()
    private let endpoint: Endpoint

    init() {
        endpoint = makeEndpoint(service)
    }

    /// Reads the stream while the steps run, and answers its events and comments.
    private func watch(
        _ uri: String = "/v1/events",
        _ steps: [@Sendable () async throws -> Void]
    ) async throws -> [Event] {
        let script = Script(steps)
        let endpoint = makeEndpoint(service, isStopping: script.isOver, time: script)
        let answer = try await exchange(.get, uri, endpoint: endpoint)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "text/event-stream")
        #expect(answer.text.hasSuffix("\n\n"))
        return try answer.text.split(separator: "\n\n").map { try Event(String($0)) }
    }

    private func add(_ recipients: [String]? = nil) async throws -> Campaign.ID {
        let text = try await makeCampaign(endpoint, recipients: recipients)
        return try #require(Campaign.ID(text))
    }

    private func change(_ id: Campaign.ID, _ change: (inout Campaign) -> Void) {
        service.state.withLock { state in
            guard var campaign = state.campaigns[id] else { return }
            change(&campaign)
            state.campaigns[id] = campaign
        }
        service.changes.changed(id)
    }

    @Test func `hears what there is, then each change once`() async throws {
        let id = try await add(["bonnie", "rong"])
        let events = try await watch(
            "/v1/events",
            [
                {},
                {
                    // Three changes between two looks are one event, of the state at the look.
                    self.change(id) { $0.counts.sending = 2 }
                    self.change(id) { $0.counts.sent = 1 }
                    self.change(id) { $0.state = .completed }
                },
                {},
            ]
        )
        #expect(events.map(\.name) == ["campaign", "quota", "campaign"])
        #expect(events.first?.json["state"]?.string == "running")
        #expect(events.last?.json["state"]?.string == "completed")
        #expect(events.last?.json["counts"]?["sent"]?.integer == 1)
        #expect(service.changes.watchCount == 0)
    }

    @Test func `doesn't hear of campaigns that have ended before`() async throws {
        let old = try await add(["bonnie"])
        change(old) { $0.state = .canceled }
        let draft = try await add()
        let events = try await watch("/v1/events", [{}])
        let ids = events.filter { $0.name == "campaign" }.map { $0.json["id"]?.string }
        #expect(ids == ["\(draft)"])
    }

    @Test func `hears of the quota when something of it changes, not of the time`() async throws {
        let service = service
        func set(
            _ change: @escaping @Sendable (inout QuotaStatus) -> Void
        )
            -> @Sendable () async throws -> Void
        {
            { service.state.withLock { change(&$0.quota) } }
        }
        let events = try await watch(
            "/v1/events",
            [
                set { $0.nextCallAt = $0.nextCallAt.advanced(by: .seconds(1)) },
                set { $0.window.releases = [0, 500] }, set { $0.window.releases = [500, 0] },
                set { $0.windowUsed = 700 },
                set { $0.window.unanswered = 0 },
                set { $0.window.room = 1 },
                set { $0.state = .throttled },
                {},
            ]
        )
        #expect(events.map(\.name) == Array(repeating: "quota", count: 5))
        #expect(events.map { $0.json["window_used"]?.integer } == [500, 700, 700, 700, 700])
        // What is told is as it was then, the releases too.
        #expect(events[1].json["window"]?["releases"]?.elements?.count == 2)
        #expect(events.last?.json["state"]?.string == "throttled")
    }

    @Test func `may watch one campaign alone, until it is deleted`() async throws {
        let service = service
        let id = try await add(["bonnie"])
        let other = try await add(["rong"])
        let events = try await watch(
            "/v1/events?campaign=\(id)",
            [
                { self.change(other) { $0.state = .paused } },
                { self.change(id) { $0.state = .canceled } },
                {
                    service.state.withLock { $0.campaigns[id] = nil }
                    service.changes.changed(id)
                },
                { Issue.record("the stream goes on without its campaign") },
            ]
        )
        #expect(events.map(\.name) == ["campaign", "quota", "campaign", "deleted"])
        #expect(events.allSatisfy { $0.name == "quota" || $0.json["id"]?.string == "\(id)" })
        #expect(service.changes.watchCount == 0)
    }

    @Test func `hears of what is deleted, and goes on`() async throws {
        let service = service
        let (first, second) = (try await add(["bonnie"]), try await add(["rong"]))
        let events = try await watch(
            "/v1/events",
            [
                {
                    service.state.withLock { $0.campaigns[first] = nil }
                    service.changes.changed(first)
                },
                { self.change(second) { $0.state = .paused } }, {},
            ]
        )
        #expect(events.map(\.name) == ["campaign", "campaign", "quota", "deleted", "campaign"])
        #expect(events[3].json.members?.map(\.name) == ["id"])
        #expect(events[3].json["id"]?.string == "\(first)")
    }

    @Test func `may leave out what there is, and messages`() async throws {
        let id = try await add(["bonnie"])
        let events = try await watch(
            "/v1/events?snapshot=false&message=false",
            [{ self.change(id) { $0.state = .paused } }, {}]
        )
        #expect(events.map(\.name) == ["quota", "campaign"])
        #expect(events.last?.json["message"]?.isNull == true)
        let whole = try await watch("/v1/events?snapshot=true&message=true", [{}])
        #expect(whole.map(\.name) == ["campaign", "quota"])
        #expect(whole.first?.json["message"]?.isNull == false)
        for query in ["snapshot=no", "message=1", "snapshot=false&snapshot=false"] {
            let answer = try await exchange(.get, "/v1/events?\(query)", endpoint: endpoint)
            #expect(answer.status == 400)
        }
    }

    private static let minute = Timestamp(milliseconds: 1_762_824_600_000)

    @Test func `hears of the running minute as it grows, at most once a second`() async throws {
        let service = service
        func grow(_ sent: Int) -> @Sendable () async throws -> Void {
            {
                service.state.withLock {
                    $0.traffic = [TrafficStep(start: Self.minute, limit: 12_000, sent: sent)]
                }
            }
        }
        // Four looks a second: the second's first tells, the others don't, nor what stays the same.
        let steps = [1, 2, 3, 4] + Array(repeating: 5, count: 9)
        let events = try await watch("/v1/events", steps.map(grow))
        #expect(events.map(\.name) == ["quota", "minute", "minute", "minute"])
        #expect(events.compactMap { $0.json["sent"]?.integer } == [1, 4, 5])
        let asked = Set(service.state.withLock { $0.trafficQuestions })
        let before = Self.minute.advanced(by: .seconds(-60))
        #expect(
            asked == [
                .init(since: Self.minute, length: .minute), .init(since: before, length: .minute),
            ]
        )
    }

    @Test func `hears the last of a minute that is over`() async throws {
        let service = service
        let script = Script(
            [
                { service.state.withLock { $0.traffic = [.init(start: Self.minute, sent: 1)] } },
                {}, {}, {},
                {
                    service.state.withLock {
                        $0.traffic = [
                            .init(start: Self.minute, sent: 2),
                            .init(start: Self.minute.advanced(by: .seconds(60)), sent: 1),
                        ]
                    }
                }, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
            ],
            start: Self.minute.advanced(by: .milliseconds(59_000))
        )
        let endpoint = makeEndpoint(service, isStopping: script.isOver, time: script)
        let answer = try await exchange(.get, "/v1/events", endpoint: endpoint)
        let minutes = try answer.text.split(separator: "\n\n").map { try Event(String($0)) }
            .filter { $0.name == "minute" }
        #expect(minutes.compactMap { $0.json["sent"]?.integer } == [1, 2, 1])
        #expect(
            minutes.compactMap { $0.json["at"]?.string } == [
                "2025-11-11T01:30:00.000Z", "2025-11-11T01:30:00.000Z",
                "2025-11-11T01:31:00.000Z",
            ]
        )
        // Five seconds later it isn't looked at again.
        let asked = service.state.withLock { $0.trafficQuestions }
        #expect(asked.last?.since == Self.minute.advanced(by: .seconds(60)))
    }

    @Test func `of one campaign isn't told of minutes`() async throws {
        let id = try await add(["bonnie"])
        service.state.withLock { $0.traffic = [TrafficStep(start: Self.minute, sent: 1)] }
        let events = try await watch("/v1/events?campaign=\(id)", [{}, {}, {}, {}, {}])
        #expect(events.map(\.name) == ["campaign", "quota"])
        #expect(service.state.withLock { $0.trafficQuestions }.isEmpty)
    }

    @Test func `hears a comment where nothing happens for 15 seconds`() async throws {
        // Four looks a second, for 31 seconds.
        let quiet = [@Sendable () async throws -> Void](repeating: {}, count: 124)
        let events = try await watch("/v1/events", quiet)
        #expect(events.map(\.name) == ["quota", "", ""])
    }

    @Test func `hears of what a client creates and streams`() async throws {
        let service = service
        let events = try await watch(
            "/v1/events",
            [
                {
                    let endpoint = makeEndpoint(service)
                    let id = try await makeCampaign(endpoint)
                    let path = "/v1/campaigns/\(id)/recipients"
                    _ = try await exchange(
                        .post,
                        path,
                        "bonnie\nrong",
                        type: "text/plain",
                        endpoint: endpoint
                    )
                },
                {},
            ]
        )
        #expect(events.map(\.name) == ["quota", "campaign"])
        #expect(events.last?.json["counts"]?["queued"]?.integer == 2)
    }

    @Test func `is told about an unknown campaign at once`() async throws {
        let endpoint = makeEndpoint(service)
        let uri = "/v1/events?campaign=01a1fcaa-663e-7f5b-a659-375a205d7d9e"
        #expect(try await exchange(.get, uri, endpoint: endpoint).status == 404)
        let head = try await exchange(.head, "/v1/events", endpoint: endpoint)
        #expect(head.status == 200)
        // There is no length to tell, and a proxy mustn't gather what comes.
        #expect(head.headers[.contentLength] == nil)
        #expect(head.headers[try #require(.init("X-Accel-Buffering"))] == "no")
        #expect(service.changes.watchCount == 0)
    }
}

@Suite struct `Many watchers` {
    private let service = FakeService()

    @Test func `cost one reading of what has changed`() async throws {
        let watchers = 20
        let id = try #require(
            Campaign.ID(try await makeCampaign(makeEndpoint(service), recipients: ["bonnie"]))
        )
        service.state.withLock { $0.traffic = [TrafficStep(start: FakeService.start, sent: 1)] }
        let meeting = Meeting(of: watchers) { [service] in
            service.state.withLock { $0.campaigns[id]?.state = .paused }
            service.changes.changed(id)
        }
        let endpoint = makeEndpoint(service, isStopping: meeting.isOver, time: meeting)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<watchers {
                group.addTask {
                    try await exchange(.get, "/v1/events", endpoint: endpoint).text
                }
            }
            for try await text in group {
                #expect(text.matches(of: #/event: campaign/#).count == 2, "\(text)")
                #expect(text.contains(#""state":"paused""#))
                #expect(text.matches(of: #/event: minute/#).count == 1)
            }
        }
        #expect(service.state.withLock { Set($0.trafficQuestions).count } == 2)
        #expect(service.state.withLock { $0.trafficQuestions.count } == 2)
        #expect(service.state.withLock { $0.readCount } == 1)
        #expect(service.changes.watchCount == 0)
    }

    @Test func `keep a campaign once, however often it changes and however late they look`() {
        var log = ChangeLog()
        var numbers = SystemRandomNumberGenerator()
        let ids = (0..<10).map { number in
            Campaign.ID(at: Timestamp(milliseconds: number), using: &numbers)
        }
        let (fast, slow) = (log.join(), log.join())
        for _ in 0..<1_000 {
            for id in ids.dropLast() { log.append(id) }
            #expect(log.read(fast) == Array(ids.dropLast()))
        }
        #expect(log.read(fast).isEmpty)
        let late = log.join()
        log.append(ids[9])
        #expect(log.size < 100)
        #expect(log.read(late) == [ids[9]])
        #expect(log.read(slow) == ids)
        #expect(log.read(fast) == [ids[9]])
        #expect(log.size == 0)
    }
}

/// A clock on which everybody waits for everybody: at the first meeting something happens, after the
/// third it is over.
private final class Meeting: TimeSource {
    private struct State {
        var instant = Instant(nanoseconds: 0)
        var meetings = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let size: Int
    private let event: @Sendable () -> Void
    private let state = Mutex(State())

    init(of size: Int, event: @escaping @Sendable () -> Void) {
        self.size = size
        self.event = event
    }

    var isOver: Bool { state.withLock { $0.meetings > 2 } }

    func now() -> Now {
        Now(instant: state.withLock { $0.instant }, timestamp: FakeService.start)
    }

    func sleep(until instant: Instant) async throws {
        await withCheckedContinuation { continuation in
            let (isFirst, all) = state.withLock { state in
                state.waiting.append(continuation)
                guard state.waiting.count == size else {
                    return (false, [CheckedContinuation<Void, Never>]())
                }
                defer { state.waiting = [] }
                state.instant = instant
                state.meetings += 1
                return (state.meetings == 1, state.waiting)
            }
            if isFirst { event() }
            for one in all { one.resume() }
        }
    }
}

/// One event of a stream; a comment has no name.
private struct Event {
    var name = ""
    var json: JSON

    init(_ text: String) throws {
        json = try JSON(parsing: Array("null".utf8))
        for line in text.split(separator: "\n") {
            if line.hasPrefix("event: ") {
                name = String(line.dropFirst(7))
            } else if line.hasPrefix("data: ") {
                json = try JSON(parsing: Array(line.dropFirst(6).utf8))
            } else {
                #expect(line == ":")
            }
        }
    }
}

/// A clock that runs the next step of a script whenever somebody waits on it.
private final class Script: TimeSource {
    typealias Step = @Sendable () async throws -> Void

    private struct State {
        var steps: ArraySlice<Step>
        var instant = Instant(nanoseconds: 0)
        var isOver = false
    }

    private let state: Mutex<State>
    private let start: Timestamp?

    /// The wall clock stands still, or begins at `start`.
    init(_ steps: [Step], start: Timestamp? = nil) {
        state = Mutex(State(steps: steps[...]))
        self.start = start
    }

    /// Whether every step has run and been looked at.
    var isOver: Bool { state.withLock { $0.isOver } }

    func now() -> Now {
        let instant = state.withLock { $0.instant }
        let passed = Instant(nanoseconds: 0).duration(to: instant)
        return Now(
            instant: instant,
            timestamp: start?.advanced(by: passed) ?? FakeService.start
        )
    }

    func sleep(until instant: Instant) async throws {
        let step: Step? = state.withLock { state in
            state.instant = instant
            defer { state.isOver = state.steps.isEmpty }
            return state.steps.popFirst()
        }
        try await step?()
    }
}
