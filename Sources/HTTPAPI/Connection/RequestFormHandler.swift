import NIOCore
import NIOHTTP1

/// Settles what the parser leaves open about a request's form, before it is read as a request.
///
/// An absolute target names the host whatever the Host header says. A coding other than chunked
/// would hide the body's end, so it is refused like any other head that can't be parsed. Behind a
/// request of HTTP/1.0, `CONNECT` or an offered upgrade nothing more is read as a request; and
/// HTTP/1.0 knows neither chunks nor 100 Continue.
final class RequestFormHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The versions of requests whose responses haven't ended, the oldest first.
    private var versions: [HTTPVersion] = []
    private var isBroken = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        guard hasKnownCoding(head) else {
            isBroken = true
            context.fireErrorCaught(HTTPParserError.unknown)
            return
        }
        settle(&head)
        versions.append(head.version)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func hasKnownCoding(_ head: HTTPRequestHead) -> Bool {
        let codings = head.headers["Transfer-Encoding"]
        if codings.isEmpty { return true }
        return head.version == .http1_1 && codings.count == 1
            && codings[0].lowercased() == "chunked"
    }

    private func settle(_ head: inout HTTPRequestHead) {
        if let authority = authority(of: head.uri) {
            head.headers.replaceOrAdd(name: "Host", value: authority)
        }
        let isOld = head.version != .http1_1
        if isOld { head.headers.remove(name: "Expect") }
        if isOld || head.method == .CONNECT || head.headers.contains(name: "Upgrade") {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
    }

    /// The host that an absolute target names; nil for a mere path.
    private func authority(of target: String) -> String? {
        guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else { return nil }
        return String(target[scheme.upperBound...].prefix { !"/?#".contains($0) })
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if let version = versions.first, version != .http1_1 { head.version = .http1_0 }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            if !versions.isEmpty { versions.removeFirst() }
            context.write(data, promise: promise)
        }
    }
}
