import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// How a connection ends: when nobody asks for anything, after its last answer, or without one.
extension RequestLimitsHandler {
    func startHeadTimer(_ context: ChannelHandlerContext) {
        table?.wait(ObjectIdentifier(self))
        headTimer?.cancel()
        headTimer = scheduleClose(context, in: limits.headTime)
    }

    func scheduleClose(
        _ context: ChannelHandlerContext,
        in time: TimeAmount
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) {
            bound.value.close(mode: .all, promise: nil)
        }
    }

    /// Makes the next answer the last, and closes at the latest after a time.
    func endSoon(_ context: ChannelHandlerContext, after time: TimeAmount) {
        closing?.timer?.cancel()
        var end = closing ?? Closing()
        end.timer = scheduleClose(context, in: time)
        closing = end
    }

    /// Answers by itself where no request came through to be handled.
    func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
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
    ///
    /// A client that still sends reads the answer only afterwards. Closing before it has sent all
    /// would reset the connection, and the answer would be lost.
    func beginLinger(
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
            let limit = handler.isStopping ? handler.limits.stopTime : handler.limits.lingerLimit
            handler.closing?.deadline = context.eventLoop.now + limit
            handler.lingerOn(context)
            context.close(mode: .output, promise: nil)
            context.read()
        }
    }

    /// Waits less for what nobody wants, since the service stops.
    func hurry(_ context: ChannelHandlerContext) {
        guard let deadline = closing?.deadline else { return }
        closing?.deadline = min(deadline, context.eventLoop.now + limits.stopTime)
        lingerOn(context)
    }

    /// Waits for the next piece of what nobody wants, or for the client's end.
    func lingerOn(_ context: ChannelHandlerContext) {
        guard let deadline = closing?.deadline else { return }
        let rest = deadline - context.eventLoop.now
        endSoon(context, after: max(.zero, min(limits.lingerTime, rest)))
    }
}
