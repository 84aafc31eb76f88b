import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// What Hummingbird leaves open about slow and careless clients, for one connection.
///
/// It cuts bodies that trickle. It says 100 Continue only when a handler wants the body. It closes
/// a connection whose body nobody reads, but reads on for a moment: closing at once would reset the
/// connection and take the answer with it. It answers a head that can't be parsed, and sends no body
/// behind a `HEAD`.
package final class RequestLimitsHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    let limits: RequestLimits
    let table: ConnectionTable?
    /// Set where the table has no room for this connection.
    private var admission = ConnectionTable.Admission.admitted
    /// Requests whose answers haven't ended, the oldest first.
    private var answering: [AnswerMark] = []
    private var body: BodyMeter?
    /// The answer to a head behind them that can't be parsed.
    private var refusal: Problem?
    private var waitingSince: NIODeadline?
    var headTimer: Scheduled<Void>?
    private var bodyTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    private var stopTimer: Scheduled<Void>?
    var closing: Closing?
    private(set) var isStopping = false

    /// What an answer must know of its request.
    private struct AnswerMark {
        let isHead: Bool
        let wantsClose: Bool
    }

    /// The connection's end: an answer is the last, and what still comes in is thrown away.
    struct Closing {
        var isAnswered = false
        /// When nothing more is waited for; nil until the answer is out.
        var deadline: NIODeadline?
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
            body?.wait(context.eventLoop.now - since)
            waitingSince = nil
        }
        let part = unwrapInboundIn(data)
        if closing?.isAnswered == true || (closing != nil && isHead(part)) {
            lingerOn(context)
            return
        }
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes): body?.take(bytes.readableBytes)
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
        body = BodyMeter(
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

    func endBody() {
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
        guard closing == nil else { return }
        let now = context.eventLoop.now
        switch body?.look(pending: waitingSince.map { now - $0 } ?? .zero, limits) {
        case nil: return
        case .early: break
        case .steady: waitingSince = waitingSince.map { _ in now }
        case .slow:
            cut(context, SlowBody())
            return
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
            hurry(context)
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
            body?.sayContinue()
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
        // A stop closes as soon as an answer is written, and without this before it is sent.
        if closing != nil || isStopping || mark?.wantsClose == true { return true }
        guard answering.count == 1, let body else { return false }
        return body.isContinueOwed || body.rest > limits.restSize
    }

    private func endAnswer(
        _ context: ChannelHandlerContext,
        _ data: NIOAny,
        isHead: Bool,
        _ promise: EventLoopPromise<Void>?
    ) {
        if !answering.isEmpty { answering.removeFirst() }
        // The head may have gone out before the stop.
        if isStopping, closing == nil { closing = Closing() }
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

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        // The server closes as soon as it has written, and its stop ends the input; the lingering
        // end is ours to time.
        guard closing?.isAnswered == true else {
            if mode == .output { endSoon(context, after: limits.lingerTime) }
            context.close(mode: mode, promise: promise)
            return
        }
        promise?.succeed()
    }
}
