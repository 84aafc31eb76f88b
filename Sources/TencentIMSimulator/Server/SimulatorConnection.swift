import Glibc
import JSON
import NIOCore
import NIOHTTP1

/// Reads one connection's requests and answers them, with the faults that were asked for.
final class SimulatorConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: SimulatorState
    private let bodyLimit: Int
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var byteCount = 0

    init(state: SimulatorState, bodyLimit: Int) {
        self.state = state
        self.bodyLimit = bodyLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.removeAll(keepingCapacity: true)
            byteCount = 0
        case .body(let buffer):
            byteCount += buffer.readableBytes
            if body.count <= bodyLimit { body.append(contentsOf: buffer.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            route(head, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer is gone or speaks no HTTP: there is nobody to answer.
        context.close(promise: nil)
    }

    private func route(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1] : ""
        if head.method == .POST, let command = SimulatedCommand(rawValue: String(parts[0])) {
            return receive(command, head, query: query, context: context)
        }
        switch (head.method, parts[0]) {
        case (.GET, "/_simulator/report"):
            answer(head, .ok, state.report.json, context: context)
        case (.POST, "/_simulator/faults"):
            replaceFaults(head, context: context)
        case (.POST, "/_simulator/reset"):
            state.reset()
            answer(head, .ok, Array("{}".utf8), context: context)
        case (.GET, "/_simulator/healthz"):
            answer(head, .ok, Array("{}".utf8), context: context)
        case (_, let path) where path.hasPrefix("/v4/"):
            answer(head, .ok, Envelope.fail(60009).json, context: context)
        default:
            answer(head, .notFound, Array("{}".utf8), context: context)
        }
    }

    private func replaceFaults(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        do {
            state.replace(try Faults(JSON(parsing: body)))
            answer(head, .ok, Array("{}".utf8), context: context)
        } catch {
            let text = JSONText.document { $0.field("detail", "\(error)") }
            answer(head, .badRequest, text, context: context)
        }
    }

    private func receive(
        _ command: SimulatedCommand,
        _ head: HTTPRequestHead,
        query: Substring,
        context: ChannelHandlerContext
    ) {
        let course = state.course(of: command)
        after(course.delayIn, context: context) {
            switch course.ending {
            case .dropBefore: return self.reset(context)
            case .http502:
                let page = Array("<html>502</html>".utf8)
                return self.answer(head, .badGateway, page, context: context)
            case .answer, .dropAfter, .hang, .garbage: break
            }
            let body = self.state.answer(
                command,
                query: query,
                body: self.body,
                byteCount: self.byteCount
            )
            self.after(course.delayOut, context: context) {
                switch course.ending {
                case .dropAfter: self.reset(context)
                case .garbage:
                    self.answer(head, .ok, Array("<html>{\"Action".utf8), context: context)
                case .answer:
                    guard let body else { return self.reset(context) }
                    self.answer(head, .ok, body, context: context)
                // A call that hangs is never answered; the others have ended before.
                case .hang, .dropBefore, .http502: break
                }
            }
        }
    }

    private func after(
        _ delay: Duration,
        context: ChannelHandlerContext,
        _ body: @escaping () -> Void
    ) {
        guard delay > .zero else { return body() }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            if context.channel.isActive { body() }
        }
    }

    /// Closes so that the peer sees a reset and not an end.
    private func reset(_ context: ChannelHandlerContext) {
        if let provider = context.channel as? any SocketOptionProvider {
            provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated()
                .whenComplete { _ in context.close(promise: nil) }
        } else {
            context.close(promise: nil)
        }
    }

    private func answer(
        _ head: HTTPRequestHead,
        _ status: HTTPResponseStatus,
        _ body: [UInt8],
        context: ChannelHandlerContext
    ) {
        var response = HTTPResponseHead(version: head.version, status: status)
        response.headers.add(name: "Date", value: state.date)
        response.headers.add(name: "Content-Type", value: "application/json")
        response.headers.add(name: "Content-Length", value: String(body.count))
        if !head.isKeepAlive { response.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        let buffer = context.channel.allocator.buffer(bytes: body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !head.isKeepAlive {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
    }
}
