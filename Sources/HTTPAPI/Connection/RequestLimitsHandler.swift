import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// What Hummingbird leaves open about slow and careless clients, for one connection.
///
/// It cuts bodies that trickle. It says 100 Continue only when a handler wants the body. It closes
/// a connection whose body isn't read, but reads on for a moment: closing at once would reset the
/// connection and take the response with it. It responds to a head that can't be parsed, and sends
/// no body behind a `HEAD`. What to do is `ConnectionState`'s to decide; here it is carried out.
package final class RequestLimitsHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let table: ConnectionTable?
    /// Set where the table has no room for this connection.
    private var admission = ConnectionTable.Admission.admitted
    private var state: ConnectionState
    private var timer: (time: NIODeadline, task: Scheduled<Void>)?
    private var isOver = false

    package init(limits: RequestLimits = RequestLimits(), table: ConnectionTable? = nil) {
        self.table = table
        state = ConnectionState(limits: limits)
    }

    // MARK: The connection's beginning and end

    package func handlerAdded(context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        tell(context) { $0.opened(now: $1) }
        guard let table else { return }
        let bound = NIOLoopBound(context, eventLoop: eventLoop)
        admission = table.open(ObjectIdentifier(self)) {
            eventLoop.execute { bound.value.close(mode: .all, promise: nil) }
        }
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        switch admission {
        case .admitted: break
        case .refused: respond(.tooManyConnections, context)
        case .shut: context.close(mode: .all, promise: nil)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { end() }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        if state.inputClosed() { context.fireErrorCaught(ChannelError.inputClosed) }
        context.fireChannelInactive()
    }

    private func end() {
        isOver = true
        timer?.task.cancel()
        timer = nil
        table?.close(ObjectIdentifier(self))
    }

    /// Tells the state of an event, and sets the timer by what it waits for then.
    private func tell<Action>(
        _ context: ChannelHandlerContext,
        of event: (inout ConnectionState, NIODeadline) -> Action
    ) -> Action {
        defer { setTimer(context) }
        return event(&state, context.eventLoop.now)
    }

    /// Makes sure of a wake-up at the deadline; one that comes too early does no harm.
    private func setTimer(_ context: ChannelHandlerContext) {
        let deadline = state.deadline
        guard !isOver, deadline < .distantFuture else { return }
        if let timer, timer.time <= deadline { return }
        timer?.task.cancel()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) {
            bound.value.handler.wake(bound.value.context)
        }
        timer = (deadline, task)
    }

    private func wake(_ context: ChannelHandlerContext) {
        timer = nil
        switch tell(context, of: { $0.timedOut(now: $1) }) {
        case .nothing: break
        case .close: context.close(mode: .all, promise: nil)
        case .slowBody: context.fireErrorCaught(SlowBody())
        case .stoppedBody: context.fireErrorCaught(StoppedBody())
        }
    }

    // MARK: What comes in

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard tell(context, of: { $0.received(.init(part), now: $1) }) else { return }
        if case .head = part { table?.serve(ObjectIdentifier(self)) }
        context.fireChannelRead(data)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if state.isDiscarding { context.read() }
    }

    package func read(context: ChannelHandlerContext) {
        state.readStarted(now: context.eventLoop.now)
        context.read()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch tell(context, of: { state, _ in state.failed(.init(error)) }) {
        case .forward: context.fireErrorCaught(error)
        case .respond(let refusal): respond(refusal, context)
        case .wait: break
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, state.inputClosed() {
            context.fireErrorCaught(ChannelError.inputClosed)
        }
        if event is ChannelShouldQuiesceEvent {
            tell(context) { $0.stopping(isWritable: context.channel.isWritable, now: $1) }
        }
        context.fireUserInboundEventTriggered(event)
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
        if state.bodyWanted(now: context.eventLoop.now) {
            let head = HTTPResponse(status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        promise?.succeed()
    }

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?
    ) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if head.status.kind != .informational, state.responseStarted() {
                head.headerFields[.connection] = "close"
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body where state.isBodiless:
            promise?.succeed()
        case .body:
            context.write(data, promise: promise)
        case .end:
            endResponse(context, data, promise)
        }
    }

    private func endResponse(
        _ context: ChannelHandlerContext,
        _ data: NIOAny,
        _ promise: EventLoopPromise<Void>?
    ) {
        let isBodiless = state.isBodiless
        let end = tell(context) { $0.responseEnded(now: $1) }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.cascade(to: promise)
        if end == .last { linger(context, after: written.futureResult) }
        if isBodiless {
            // The encoder would write an empty last chunk, which the client takes for garbage.
            context.flush()
            written.succeed()
        } else {
            context.writeAndFlush(data, promise: written)
        }
        switch end {
        case .last, .next: break
        case .idle: table?.wait(ObjectIdentifier(self))
        case .respond(let refusal): respond(refusal, context)
        }
    }

    /// Responds by itself where no request came through to be handled.
    private func respond(_ refusal: ConnectionState.Refusal, _ context: ChannelHandlerContext) {
        let problem = Problem(refusal)
        let bytes = problem.json
        var fields = problem.allHeaders
        fields[.contentLength] = String(bytes.count)
        fields[.connection] = "close"
        let head = HTTPResponse(status: problem.slug.status, headerFields: fields)
        let written = context.eventLoop.makePromise(of: Void.self)
        tell(context) { $0.respondedLast(now: $1) }
        linger(context, after: written.futureResult)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: bytes))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// Ends the output once the last response is out, and reads on for a moment.
    private func linger(_ context: ChannelHandlerContext, after written: EventLoopFuture<Void>) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        written.whenSuccess {
            let (handler, context) = bound.value
            handler.table?.wait(ObjectIdentifier(handler))
            handler.tell(context) { $0.lastResponseSent(now: $1) }
            context.close(mode: .output, promise: nil)
            context.read()
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        tell(context) { $0.writabilityChanged(context.channel.isWritable, now: $1) }
        context.fireChannelWritabilityChanged()
    }

    package func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        if tell(context, of: { $0.closeRequested(outputOnly: mode == .output, now: $1) }) {
            context.close(mode: mode, promise: promise)
        } else {
            promise?.succeed()
        }
    }
}

extension ConnectionState.Part {
    fileprivate init(_ part: HTTPRequestPart) {
        switch part {
        case .head(let head): self = .head(.init(head))
        case .body(let bytes): self = .body(byteCount: bytes.readableBytes)
        case .end: self = .end
        }
    }
}

extension ConnectionState.Request {
    fileprivate init(_ head: HTTPRequest) {
        self.init()
        let fields = head.headerFields
        isHead = head.method == .head
        wantsClose =
            fields[.connection]?.lowercased()
            .split { ", \t".contains($0) }.contains("close") == true
        // What is too large for a number is too large for everything.
        length = fields[.contentLength].map { Int($0) ?? .max }
        awaitsContinue = fields[.expect]?.lowercased() == "100-continue"
    }
}

extension ConnectionState.Refusal {
    fileprivate init?(_ error: any Error) {
        guard let error = error as? HTTPParserError else { return nil }
        self = error == .headerOverflow ? .headersTooLarge : .notHTTP
    }
}

extension Problem {
    fileprivate init(_ refusal: ConnectionState.Refusal) {
        switch refusal {
        case .headersTooLarge:
            self.init(.headersTooLarge, "the target, one header, or all of them, are too large")
        case .notHTTP:
            self.init(.badRequest, "this is no HTTP/1.1 request")
        case .tooManyConnections:
            self = .tooMany("requests are being answered")
        }
    }
}
