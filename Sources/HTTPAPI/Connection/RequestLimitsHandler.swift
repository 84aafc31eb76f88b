import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// What Hummingbird leaves open about slow and careless clients, for one connection.
///
/// It cuts bodies that trickle, measured over the time the endpoint itself waited for bytes, so
/// that a slow store never looks like a slow client. It says 100 Continue only when a handler
/// wants the body. It closes a connection whose body nobody reads, but reads on for a moment:
/// closing at once would reset the connection and take the answer with it. It answers a head
/// that can't be parsed, and sends no body behind a `HEAD`.
package final class RequestLimitsHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let limits: RequestLimits
    private let table: ConnectionTable?
    /// Set where the table has no room for this connection.
    private var admission = ConnectionTable.Admission.admitted
    /// Requests whose answers haven't ended, the oldest first.
    private var answering: [AnswerMark] = []
    private var body: Body?
    /// The answer to a head behind them that can't be parsed.
    private var refusal: Problem?
    private var waitingSince: NIODeadline?
    private var headTimer: Scheduled<Void>?
    private var bodyTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    private var stopTimer: Scheduled<Void>?
    private var closing: Closing?
    private var isStopping = false

    /// What an answer must know of its request.
    private struct AnswerMark {
        let isHead: Bool
        let wantsClose: Bool
    }

    /// A body that hasn't ended.
    private struct Body {
        var received = 0
        /// What of it came since the rate was last looked at.
        var windowReceived = 0
        var length: Int?
        var waited: TimeAmount = .zero
        var isContinueOwed: Bool
    }

    /// The connection's end: an answer is the last, and what still comes in is thrown away.
    private struct Closing {
        var isAnswered = false
        var discarded = 0
        var timer: Scheduled<Void>?
    }

    package init(limits: RequestLimits = RequestLimits(), table: ConnectionTable? = nil) {
        self.limits = limits
        self.table = table
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        startHeadTimer(context)
        guard let table else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        admission = table.open(ObjectIdentifier(self)) {
            eventLoop.execute { bound.value.close(mode: .all, promise: nil) }
        }
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        switch admission {
        case .admitted: break
        case .refused: answer(.tooManyConnections, context)
        case .shut: context.close(mode: .all, promise: nil)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        cancelTimers()
        table?.close(ObjectIdentifier(self))
    }

    package func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        table?.close(ObjectIdentifier(self))
        failOpenBody(context)
        context.fireChannelInactive()
    }

    private func cancelTimers() {
        for timer in [headTimer, bodyTimer, writeTimer, stopTimer, closing?.timer] {
            timer?.cancel()
        }
    }

    // MARK: What comes in

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let since = waitingSince {
            let waited = context.eventLoop.now - since
            let before = body?.waited ?? .zero
            body?.waited = before + waited
            waitingSince = nil
        }
        let part = unwrapInboundIn(data)
        if closing?.isAnswered == true || (closing != nil && isHead(part)) {
            discard(part, context)
            return
        }
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            body?.received += bytes.readableBytes
            body?.windowReceived += bytes.readableBytes
        case .end: endBody()
        }
        context.fireChannelRead(data)
    }

    private func isHead(_ part: HTTPRequestPart) -> Bool {
        if case .head = part { true } else { false }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if closing?.isAnswered == true { context.read() }
    }

    private func begin(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        headTimer?.cancel()
        headTimer = nil
        table?.serve(ObjectIdentifier(self))
        let fields = head.headerFields
        answering.append(
            AnswerMark(
                isHead: head.method == .head,
                wantsClose: fields[.connection]?.lowercased()
                    .split { ", \t".contains($0) }.contains("close") == true
            )
        )
        body = Body(
            // What is too large for a number is too large for everything.
            length: fields[.contentLength].map { Int($0) ?? .max },
            isContinueOwed: fields[.expect]?.lowercased() == "100-continue"
        )
        scheduleBodyCheck(context)
    }

    private func scheduleStop(_ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: limits.stopTime) {
            let (handler, context) = bound.value
            if handler.body != nil, handler.closing == nil { handler.cut(context, StoppedBody()) }
        }
    }

    private func endBody() {
        body = nil
        bodyTimer?.cancel()
        bodyTimer = nil
    }

    package func read(context: ChannelHandlerContext) {
        if waitingSince == nil { waitingSince = context.eventLoop.now }
        context.read()
    }

    private func scheduleBodyCheck(_ context: ChannelHandlerContext) {
        bodyTimer?.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        bodyTimer = context.eventLoop.scheduleTask(in: limits.rateInterval) {
            bound.value.handler.checkBody(bound.value.context)
        }
    }

    private func checkBody(_ context: ChannelHandlerContext) {
        guard let body, closing == nil else { return }
        // A client that hasn't been told to go on isn't slow: nobody has asked it for anything.
        let pending = waitingSince.map { context.eventLoop.now - $0 } ?? .zero
        let waited = body.isContinueOwed ? .zero : body.waited + pending
        if waited >= limits.rateWindow {
            let seconds = Double(waited.nanoseconds) / 1e9
            guard Double(body.windowReceived) >= Double(limits.bodyRate) * seconds else {
                cut(context, SlowBody())
                return
            }
            self.body?.waited = .zero
            self.body?.windowReceived = 0
            waitingSince = waitingSince.map { _ in context.eventLoop.now }
        }
        scheduleBodyCheck(context)
    }

    /// Gives up on a body; its handler hears why and answers.
    private func cut(_ context: ChannelHandlerContext, _ reason: any Error) {
        endBody()
        endSoon(context, after: limits.cutTime)
        context.fireErrorCaught(reason)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, body == nil, closing == nil else {
            // Where a body's end can't be found, no request can follow.
            if error is HTTPParserError, closing == nil { closing = Closing() }
            endBody()
            context.fireErrorCaught(error)
            return
        }
        let problem =
            error == .headerOverflow
            ? Problem(.headersTooLarge, "the target, one header, or all of them, are too large")
            : Problem(.badRequest, "this is no HTTP/1.1 request")
        if answering.isEmpty {
            answer(problem, context)
        } else {
            refusal = problem
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { failOpenBody(context) }
        if event is ChannelShouldQuiesceEvent {
            isStopping = true
            if body != nil { stopTimer = scheduleStop(context) }
            watchWriting(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// An end of the connection must never look like the end of a body.
    private func failOpenBody(_ context: ChannelHandlerContext) {
        guard body != nil, closing?.isAnswered != true else { return }
        endBody()
        context.fireErrorCaught(ChannelError.inputClosed)
    }

    // MARK: What goes out

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is BodyWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if body?.isContinueOwed == true {
            body?.isContinueOwed = false
            body?.waited = .zero
            waitingSince = waitingSince.map { _ in context.eventLoop.now }
            if body?.received == 0 {
                let head = HTTPResponse(status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        }
        promise?.succeed()
    }

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        let mark = answering.first
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if head.status.kind != .informational, isLast(mark) {
                if closing == nil { closing = Closing() }
                head.headerFields[.connection] = "close"
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            if mark?.isHead == true {
                promise?.succeed()
            } else {
                context.write(data, promise: promise)
            }
        case .end:
            endAnswer(context, data, isHead: mark?.isHead == true, promise)
        }
    }

    /// Whether no further request can follow this answer on the connection.
    private func isLast(_ mark: AnswerMark?) -> Bool {
        if closing != nil || mark?.wantsClose == true { return true }
        guard answering.count == 1, let body else { return false }
        let rest = body.length.map { $0 - body.received } ?? Int.max
        return body.isContinueOwed || rest > limits.restSize
    }

    private func endAnswer(
        _ context: ChannelHandlerContext,
        _ data: NIOAny,
        isHead: Bool,
        _ promise: EventLoopPromise<Void>?
    ) {
        if !answering.isEmpty { answering.removeFirst() }
        let isEnd = closing != nil
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        if isEnd { beginLinger(context, after: written.futureResult) }
        if isHead {
            // The encoder would write an empty last chunk, which the client takes for garbage.
            context.flush()
            written.succeed()
        } else {
            context.writeAndFlush(data, promise: written)
        }
        guard !isEnd, answering.isEmpty else { return }
        if let refusal {
            answer(refusal, context)
        } else {
            startHeadTimer(context)
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        watchWriting(context)
        context.fireChannelWritabilityChanged()
    }

    /// Closes a connection whose client doesn't read; a stop waits for it no longer than for bodies.
    private func watchWriting(_ context: ChannelHandlerContext) {
        writeTimer?.cancel()
        let time = isStopping ? limits.stopTime : limits.writeTime
        writeTimer = context.channel.isWritable ? nil : scheduleClose(context, in: time)
    }

    // MARK: The end

    private func startHeadTimer(_ context: ChannelHandlerContext) {
        table?.wait(ObjectIdentifier(self))
        headTimer?.cancel()
        headTimer = scheduleClose(context, in: limits.headTime)
    }

    private func scheduleClose(
        _ context: ChannelHandlerContext,
        in time: TimeAmount
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) {
            bound.value.close(mode: .all, promise: nil)
        }
    }

    /// Makes the next answer the last, and closes at the latest after a time.
    private func endSoon(_ context: ChannelHandlerContext, after time: TimeAmount) {
        closing?.timer?.cancel()
        var end = closing ?? Closing()
        end.timer = scheduleClose(context, in: time)
        closing = end
    }

    /// Answers by itself where no request came through to be handled.
    private func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
        let bytes = problem.json
        var fields = problem.allHeaders
        fields[.contentLength] = String(bytes.count)
        fields[.connection] = "close"
        let head = HTTPResponse(status: problem.slug.status, headerFields: fields)
        let written = context.eventLoop.makePromise(of: Void.self)
        beginLinger(context, after: written.futureResult)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: bytes))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// Ends the output once the answer is out, and reads on for a moment.
    private func beginLinger(
        _ context: ChannelHandlerContext,
        after written: EventLoopFuture<Void>
    ) {
        // A client that is slow to read has the time of any answer to do so.
        endSoon(context, after: limits.writeTime)
        closing?.isAnswered = true
        endBody()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        written.whenSuccess {
            let (handler, context) = bound.value
            handler.table?.wait(ObjectIdentifier(handler))
            handler.endSoon(context, after: handler.limits.lingerTime)
            context.close(mode: .output, promise: nil)
            context.read()
        }
    }

    private func discard(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head: break
        case .body(let bytes): closing?.discarded += bytes.readableBytes
        case .end: context.close(mode: .all, promise: nil)
        }
        if let discarded = closing?.discarded, discarded > limits.lingerSize {
            context.close(mode: .all, promise: nil)
        }
    }

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        // The server closes as soon as it has written; the lingering end is ours to time.
        guard closing?.isAnswered == true, mode != .input else {
            if mode == .output { endSoon(context, after: limits.lingerTime) }
            context.close(mode: mode, promise: promise)
            return
        }
        promise?.succeed()
    }
}
