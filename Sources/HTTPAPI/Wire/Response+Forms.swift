package import HTTPTypes
package import HummingbirdCore
package import JSON
import NIOCore

extension Response {
    package init(
        _ status: HTTPResponse.Status = .ok,
        _ type: ContentType = .json,
        headers: HTTPFields = [:],
        bytes: [UInt8]
    ) {
        var headers = headers
        headers[.contentType] = type.header
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        self.init(status: status, headers: headers, body: body)
    }

    /// A document as JSON.
    package static func json(_ write: (inout JSONText) -> Void) -> Response {
        Response(bytes: JSONText(write).bytes)
    }

    /// An object as JSON, of these members.
    package static func object(_ members: (inout JSONText) -> Void) -> Response {
        Response(bytes: JSONText.document(members))
    }

    /// A response that is made while the client reads it.
    static func stream(_ type: ContentType, _ body: ResponseBody) -> Response {
        Response(status: .ok, headers: [.contentType: type.header], body: body)
    }

    /// The response, which keeps something alive until the client has read it: its share of memory,
    /// or its entry among the requests under way.
    func holding(_ share: some AnyObject & Sendable) -> Response {
        let body = body
        var held = self
        held.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { withExtendedLifetime(share) {} }
            try await body.write(writer)
        }
        return held
    }
}
