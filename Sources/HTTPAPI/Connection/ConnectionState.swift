package import NIOCore

/// Where a connection stands: which requests wait for their response, how fast a body comes, and how
/// the connection ends.
///
/// It knows no channel and no clock: each method is one event, is told the time, and returns what
/// the handler has to do. All waiting is in `deadline`, at which `timedOut` is called.
package struct ConnectionState: Sendable {
    private let limits: RequestLimits
    private var phase = Phase.open
    /// Requests whose responses haven't ended, the oldest first.
    private var pending: [Request] = []
    /// What has come of the body of the newest request; nil once it has ended.
    private var body: BodyMeter?
    /// The refusal of a head behind the pending requests that can't be parsed.
    private var refusal: Refusal?
    /// Since when the endpoint waits for bytes.
    private var waitingSince: NIODeadline?
    private var isStopping = false
    private var timers = Timers()

    private enum Phase: Hashable {
        /// A response may be followed by another one.
        case open
        /// The response that is pending is the last.
        case last
        /// The last response is written but not out, and what comes in is thrown away.
        case responded
        /// The last response is out. What still comes in is read and thrown away, so that the
        /// client reads the response, but no longer than this.
        case lingering(until: NIODeadline)
    }

    /// Deadlines; the distant future is never.
    private struct Timers: Hashable {
        /// When the head of a request must have come.
        var head = NIODeadline.distantFuture
        /// When the rate of the body is looked at.
        var rate = NIODeadline.distantFuture
        /// When the client must have read what was written.
        var write = NIODeadline.distantFuture
        /// When a stop waits no longer for the body.
        var stop = NIODeadline.distantFuture
        /// When a connection that ends is closed whatever happens.
        var close = NIODeadline.distantFuture

        var next: NIODeadline { min(min(head, rate), min(min(write, stop), close)) }
    }

    /// What the limits must know of a request.
    package struct Request: Sendable, Hashable {
        package var isHead = false
        /// Whether the client asks for the connection's end.
        package var wantsClose = false
        /// The announced length of the body; nil if it comes in chunks.
        package var length: Int?
        /// Whether the client waits to be told to send the body.
        package var awaitsContinue = false

        package init() {}
    }

    package init(limits: RequestLimits) {
        self.limits = limits
    }

    /// When `timedOut` wants to be called; the distant future is never.
    package var deadline: NIODeadline { timers.next }

    /// The connection is there.
    package mutating func opened(now: NIODeadline) {
        timers.head = now + limits.headTime
    }
}

// MARK: - What comes in

extension ConnectionState {
    package enum Part: Sendable, Hashable {
        case head(Request)
        case body(byteCount: Int)
        case end
    }

    /// A part of a request has come: false if it is thrown away.
    package mutating func received(_ part: Part, now: NIODeadline) -> Bool {
        if let since = waitingSince {
            body?.wait(now - since)
            waitingSince = nil
        }
        switch (phase, part) {
        case (.lingering, _):
            linger(now)
            return false
        case (.responded, _), (.last, .head):
            return false
        case (.open, .head(let request)):
            timers.head = .distantFuture
            timers.rate = now + limits.rateInterval
            pending.append(request)
            body = BodyMeter(length: request.length, isContinueOwed: request.awaitsContinue)
        case (.open, .body(let count)), (.last, .body(let count)):
            body?.take(count)
        case (.open, .end), (.last, .end):
            endBody()
        }
        return true
    }

    /// Whether what comes in is thrown away, so that the handler itself must go on reading.
    package var isDiscarding: Bool {
        switch phase {
        case .open, .last: false
        case .responded, .lingering: true
        }
    }

    /// The endpoint waits for bytes.
    package mutating func readStarted(now: NIODeadline) {
        waitingSince = waitingSince ?? now
    }

    /// The client has ended its output: true if that breaks off a body, which must never look like
    /// the body's end.
    package mutating func inputClosed() -> Bool {
        guard body != nil else { return false }
        endBody()
        return true
    }

    /// Why the handler itself responds, where no request came through.
    package enum Refusal: Sendable, Hashable {
        case headersTooLarge
        case notHTTP
        /// The table of connections is full.
        case tooManyConnections
    }

    package enum FailureAction: Sendable, Hashable {
        /// Tell the request's handler.
        case forward
        case respond(Refusal)
        /// The refusal follows the pending responses.
        case wait
    }

    /// Reading has failed; `reason` says why a request can't be parsed, where that is what failed.
    package mutating func failed(_ reason: Refusal?) -> FailureAction {
        guard let reason, body == nil, phase == .open else {
            // Where the end of a body can't be found, no request can follow.
            if reason != nil, phase == .open { phase = .last }
            endBody()
            return .forward
        }
        guard pending.isEmpty else {
            refusal = reason
            return .wait
        }
        return .respond(reason)
    }

    private mutating func endBody() {
        body = nil
        timers.rate = .distantFuture
    }
}

// MARK: - What goes out

extension ConnectionState {
    /// A request's handler wants the body: true if the client must be told to send it.
    package mutating func bodyWanted(now: NIODeadline) -> Bool {
        guard let meter = body, meter.isContinueOwed else { return false }
        body?.sayContinue()
        if waitingSince != nil { waitingSince = now }
        return meter.received == 0
    }

    /// The head of a response is written: true if it must announce the connection's end.
    package mutating func responseStarted() -> Bool {
        guard isLastResponse else { return false }
        if phase == .open { phase = .last }
        return true
    }

    /// Whether no further request can follow the response that is being written.
    private var isLastResponse: Bool {
        // A stop closes as soon as a response is written, and without this before it is sent.
        if phase != .open || isStopping || pending.first?.wantsClose == true { return true }
        guard pending.count == 1, let body else { return false }
        return body.isContinueOwed || body.rest > limits.restSize
    }

    /// Whether the response being written is one to `HEAD`, which has no body.
    package var isBodiless: Bool { pending.first?.isHead == true }

    package enum ResponseEnd: Sendable, Hashable {
        /// The connection ends once this is out, which `lastResponseSent` hears.
        case last
        /// Another response is pending.
        case next
        /// No request is pending.
        case idle
        case respond(Refusal)
    }

    /// The end of a response is written.
    package mutating func responseEnded(now: NIODeadline) -> ResponseEnd {
        if !pending.isEmpty { pending.removeFirst() }
        // The head may have gone out before the stop.
        guard phase == .open, !isStopping else {
            respondedLast(now: now)
            return .last
        }
        if !pending.isEmpty { return .next }
        if let refusal { return .respond(refusal) }
        timers.head = now + limits.headTime
        return .idle
    }

    /// The last response is written, a client that is slow to read has the time of any response.
    package mutating func respondedLast(now: NIODeadline) {
        phase = .responded
        timers.close = now + limits.writeTime
        endBody()
    }

    /// The last response is out.
    ///
    /// A client that still sends reads the response only afterwards. Closing before it has sent all
    /// would reset the connection, and the response would be lost.
    package mutating func lastResponseSent(now: NIODeadline) {
        phase = .lingering(until: now + (isStopping ? limits.stopTime : limits.lingerLimit))
        linger(now)
    }

    /// Waits for the next piece of what is thrown away, or for the client's end.
    private mutating func linger(_ now: NIODeadline) {
        guard case .lingering(let end) = phase else { return }
        timers.close = max(now, min(now + limits.lingerTime, end))
    }

    /// The server wants to close its output, or all: false where the connection ends by itself.
    ///
    /// It does so as soon as it has written, and its stop ends the input; the lingering end is
    /// timed here.
    package mutating func closeRequested(outputOnly: Bool, now: NIODeadline) -> Bool {
        guard !isDiscarding else { return false }
        if outputOnly { end(by: now + limits.lingerTime) }
        return true
    }

    /// Makes the next response the last, and closes at this time at the latest.
    private mutating func end(by time: NIODeadline) {
        if phase == .open { phase = .last }
        timers.close = time
    }
}

// MARK: - Time and the end

extension ConnectionState {
    /// The client reads what is written, or doesn't; a stop waits for it no longer than for bodies.
    package mutating func writabilityChanged(_ isWritable: Bool, now: NIODeadline) {
        let time = isStopping ? limits.stopTime : limits.writeTime
        timers.write = isWritable ? .distantFuture : now + time
    }

    /// The service stops.
    package mutating func stopping(isWritable: Bool, now: NIODeadline) {
        isStopping = true
        if body != nil { timers.stop = now + limits.stopTime }
        if case .lingering(let end) = phase {
            phase = .lingering(until: min(end, now + limits.stopTime))
            linger(now)
        }
        writabilityChanged(isWritable, now: now)
    }

    package enum Timeout: Sendable, Hashable {
        case nothing
        case close
        /// The handler of the request is told that the body isn't waited for.
        case slowBody
        case stoppedBody
    }

    /// A deadline has come; it is asked again while there is one that has passed.
    package mutating func timedOut(now: NIODeadline) -> Timeout {
        if min(timers.head, min(timers.write, timers.close)) <= now {
            timers = Timers()
            return .close
        }
        if timers.stop <= now {
            timers.stop = .distantFuture
            return body != nil && phase == .open ? cut(.stoppedBody, now) : .nothing
        }
        return timers.rate <= now ? checkRate(now) : .nothing
    }

    private mutating func checkRate(_ now: NIODeadline) -> Timeout {
        timers.rate = .distantFuture
        guard phase == .open else { return .nothing }
        let pace = body?.look(pending: waitingSince.map { now - $0 } ?? .zero, limits)
        switch pace {
        case nil: return .nothing
        case .early: break
        case .steady: if waitingSince != nil { waitingSince = now }
        case .slow: return cut(.slowBody, now)
        }
        timers.rate = now + limits.rateInterval
        return .nothing
    }

    /// Gives up on a body; its handler has a while to respond.
    private mutating func cut(_ reason: Timeout, _ now: NIODeadline) -> Timeout {
        endBody()
        end(by: now + limits.cutTime)
        return reason
    }
}
