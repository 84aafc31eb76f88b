import HTTPAPI
import NIOCore
import Testing

/// The connection's decisions, event by event, without a channel.
@Suite struct `A connection's state` {
    typealias State = ConnectionState

    private static let limits = RequestLimits()

    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func makeState() -> State {
        var state = State(limits: Self.limits)
        state.opened(now: at(0))
        return state
    }

    /// With a request whose body has so many bytes.
    private func makeState(
        length: Int?,
        isHead: Bool = false,
        wantsClose: Bool = false,
        awaitsContinue: Bool = false
    ) -> State {
        var state = makeState()
        var request = State.Request()
        request.length = length
        request.isHead = isHead
        request.wantsClose = wantsClose
        request.awaitsContinue = awaitsContinue
        _ = state.received(.head(request), now: at(0))
        return state
    }

    /// With a response that was the last, is out at 10 seconds and whose body goes on coming.
    private func makeLingering() -> State {
        var state = makeState(length: .max)
        _ = state.responseStarted()
        _ = state.responseEnded(now: at(10))
        state.lastResponseSent(now: at(10))
        return state
    }

    // MARK: Requests and responses

    @Test func `a request and its response leave the connection as it was`() {
        var state = makeState()
        #expect(state.deadline == at(75))
        #expect(state.received(.head(.init()), now: at(70)) == true)
        #expect(state.received(.body(byteCount: 3), now: at(70)) == true)
        #expect(state.received(.end, now: at(70)) == true)
        #expect(state.deadline == .distantFuture)
        #expect(state.responseStarted() == false)
        #expect(!state.isBodiless)
        #expect(state.responseEnded(now: at(80)) == .idle)
        #expect(state.deadline == at(155))
        #expect(!state.isDiscarding)
    }

    @Test(arguments: [
        // The announced length, what came of it, whether the client asks for the end or waits.
        (nil, 0, false, false, true), (65_536, 0, false, false, false),
        (65_537, 0, false, false, true), (65_537, 1, false, false, false),
        (0, 0, true, false, true), (10, 0, false, true, true),
    ])
    func `a response is the last if too much of the body would follow it`(
        length: Int?,
        received: Int,
        wantsClose: Bool,
        awaitsContinue: Bool,
        isLast: Bool
    ) {
        var state = makeState(
            length: length,
            wantsClose: wantsClose,
            awaitsContinue: awaitsContinue
        )
        _ = state.received(.body(byteCount: received), now: at(1))
        #expect(state.responseStarted() == isLast)
        #expect(state.responseEnded(now: at(1)) == (isLast ? .last : .idle))
        #expect(state.isDiscarding == isLast)
    }

    @Test func `responses of pipelined requests end one by one`() {
        var state = makeState(length: 0, isHead: true)
        _ = state.received(.end, now: at(0))
        _ = state.received(.head(.init()), now: at(0))
        _ = state.received(.end, now: at(0))
        #expect(state.isBodiless)
        #expect(state.responseStarted() == false)
        #expect(state.responseEnded(now: at(1)) == .next)
        #expect(!state.isBodiless)
        #expect(state.responseEnded(now: at(2)) == .idle)
        // A body that is on its way is the next request's.
        var long = State.Request()
        long.length = .max
        var other = makeState(length: 0)
        _ = other.received(.end, now: at(0))
        _ = other.received(.head(long), now: at(0))
        #expect(other.responseStarted() == false)
    }

    @Test func `behind the last response no request is taken`() {
        var state = makeState(length: 0, wantsClose: true)
        _ = state.received(.end, now: at(0))
        #expect(state.responseStarted() == true)
        #expect(state.received(.head(.init()), now: at(1)) == false)
        #expect(state.responseEnded(now: at(2)) == .last)
        #expect(state.received(.body(byteCount: 9), now: at(3)) == false)
    }

    @Test func `a client is told once to send its body`() {
        var state = makeState(length: 9, awaitsContinue: true)
        #expect(state.bodyWanted(now: at(1)) == true)
        #expect(state.bodyWanted(now: at(1)) == false)
        #expect(state.responseStarted() == false)
        // One that sends unasked needn't be told.
        var hasty = makeState(length: 9, awaitsContinue: true)
        _ = hasty.received(.body(byteCount: 1), now: at(1))
        #expect(hasty.bodyWanted(now: at(1)) == false)
    }

    // MARK: Failures

    @Test func `what can't be parsed is refused at once, or behind the pending responses`() {
        var idle = makeState()
        #expect(idle.failed(.notHTTP) == .respond(.notHTTP))
        var busy = makeState(length: 0)
        _ = busy.received(.end, now: at(0))
        #expect(busy.failed(.headersTooLarge) == .wait)
        #expect(busy.responseStarted() == false)
        #expect(busy.responseEnded(now: at(1)) == .respond(.headersTooLarge))
    }

    @Test func `a body that can't be parsed makes the response the last`() {
        var state = makeState(length: nil)
        #expect(state.failed(.notHTTP) == .forward)
        #expect(state.responseStarted() == true)
        var other = makeState(length: 0)
        #expect(other.failed(nil) == .forward)
        #expect(other.responseStarted() == false)
    }

    @Test func `the end of the input breaks off a body, and nothing else`() {
        var idle = makeState()
        #expect(idle.inputClosed() == false)
        var body = makeState(length: 9)
        #expect(body.inputClosed() == true)
        #expect(body.inputClosed() == false)
        var lingering = makeLingering()
        #expect(lingering.inputClosed() == false)
    }

    // MARK: Time

    @Test func `a connection that asks nothing is closed`() {
        var state = makeState()
        #expect(state.timedOut(now: at(74)) == .nothing)
        #expect(state.timedOut(now: at(75)) == .close)
        #expect(state.deadline == .distantFuture)
    }

    @Test(arguments: [
        // Bytes that come each second while the endpoint waits, and whether that is enough.
        (1_023, State.Timeout.slowBody), (1_024, .nothing),
    ])
    func `a body is cut at less than its least rate`(perSecond: Int, end: State.Timeout) {
        var state = makeState(length: .max)
        for second in Int64(1)...30 {
            state.readStarted(now: at(second - 1))
            _ = state.received(.body(byteCount: perSecond), now: at(second))
        }
        #expect(state.deadline == at(5))
        #expect(state.timedOut(now: at(30)) == end)
        // The handler has a minute for its response, which is the last.
        #expect(state.deadline == (end == .slowBody ? at(90) : at(35)))
        #expect(state.responseStarted() == true)
    }

    @Test func `a fast start of a body excuses no slow end`() {
        var state = makeState(length: .max)
        state.readStarted(now: at(0))
        _ = state.received(.body(byteCount: 1_048_576), now: at(1))
        state.readStarted(now: at(1))
        #expect(state.timedOut(now: at(30)) == .nothing)
        #expect(state.timedOut(now: at(59)) == .nothing)
        #expect(state.timedOut(now: at(64)) == .slowBody)
    }

    @Test func `only the time that the endpoint waits counts`() {
        var state = makeState(length: .max)
        #expect(state.timedOut(now: at(1_000)) == .nothing)
        state.readStarted(now: at(1_000))
        state.readStarted(now: at(1_020))
        #expect(state.timedOut(now: at(1_029)) == .nothing)
        #expect(state.timedOut(now: at(1_034)) == .slowBody)
        // Nor does the time before the client is told to send.
        var asked = makeState(length: 9, awaitsContinue: true)
        asked.readStarted(now: at(0))
        #expect(asked.timedOut(now: at(100)) == .nothing)
        _ = asked.bodyWanted(now: at(100))
        #expect(asked.timedOut(now: at(129)) == .nothing)
        #expect(asked.timedOut(now: at(134)) == .slowBody)
        var hasty = makeState(length: 9, awaitsContinue: true)
        hasty.readStarted(now: at(0))
        _ = hasty.received(.body(byteCount: 1), now: at(100))
        _ = hasty.bodyWanted(now: at(100))
        hasty.readStarted(now: at(100))
        #expect(hasty.timedOut(now: at(129)) == .nothing)
    }

    @Test func `a client that doesn't read is cut off, in a stop soon`() {
        var state = makeState(length: 0)
        _ = state.received(.end, now: at(0))
        state.writabilityChanged(false, now: at(1))
        #expect(state.deadline == at(121))
        state.writabilityChanged(true, now: at(2))
        #expect(state.deadline == .distantFuture)
        state.writabilityChanged(false, now: at(3))
        state.stopping(isWritable: false, now: at(4))
        #expect(state.deadline == at(9))
        #expect(state.timedOut(now: at(9)) == .close)
    }

    @Test func `a stop waits for a body a while, and makes each response the last`() {
        var state = makeState(length: .max)
        state.stopping(isWritable: true, now: at(3))
        #expect(state.timedOut(now: at(7)) == .nothing)
        #expect(state.timedOut(now: at(8)) == .stoppedBody)
        var short = makeState(length: 0)
        _ = short.received(.end, now: at(0))
        #expect(short.responseStarted() == false)
        short.stopping(isWritable: true, now: at(1))
        // The head may have gone out before.
        #expect(short.responseEnded(now: at(2)) == .last)
        var next = makeState(length: 0)
        next.stopping(isWritable: true, now: at(1))
        #expect(next.responseStarted() == true)
    }

    // MARK: The end

    @Test func `a slow reader has the time of any response for the last one`() {
        var state = makeState(length: .max)
        _ = state.responseStarted()
        #expect(state.responseEnded(now: at(10)) == .last)
        #expect(state.deadline == at(130))
        #expect(state.received(.body(byteCount: 1), now: at(20)) == false)
        #expect(state.deadline == at(130))
    }

    @Test func `the end waits for each next piece, and not for ever`() {
        var state = makeLingering()
        #expect(state.deadline == at(13))
        for second in Int64(12)...36 {
            #expect(state.received(.body(byteCount: 1), now: at(second)) == false)
            #expect(state.deadline == at(second + 3))
        }
        #expect(state.received(.end, now: at(39)) == false)
        #expect(state.deadline == at(40))
        #expect(state.timedOut(now: at(40)) == .close)
    }

    @Test func `a stop hurries the end`() {
        var state = makeLingering()
        state.stopping(isWritable: true, now: at(12))
        _ = state.received(.body(byteCount: 1), now: at(16))
        #expect(state.deadline == at(17))
        var late = makeState(length: .max)
        late.stopping(isWritable: true, now: at(0))
        _ = late.responseEnded(now: at(1))
        late.lastResponseSent(now: at(2))
        _ = late.received(.body(byteCount: 1), now: at(4))
        // The body that the stop would have cut is over.
        #expect(late.timedOut(now: at(5)) == .nothing)
        _ = late.received(.body(byteCount: 1), now: at(6))
        #expect(late.deadline == at(7))
    }

    @Test func `the server closes a connection, but not one that is ending by itself`() {
        var open = makeState()
        #expect(open.closeRequested(outputOnly: false, now: at(1)) == true)
        #expect(open.deadline == at(75))
        #expect(open.closeRequested(outputOnly: true, now: at(1)) == true)
        #expect(open.deadline == at(4))
        #expect(open.responseStarted() == true)
        var ending = makeLingering()
        #expect(ending.closeRequested(outputOnly: true, now: at(11)) == false)
        #expect(ending.closeRequested(outputOnly: false, now: at(11)) == false)
    }
}
