package import NIOCore
package import NIOHTTP1

/// A POST request with its whole body, and how its answer is taken.
package struct Post: Sendable {
    /// Path and query.
    package var target: String
    /// Those beside `Host` and `Content-Length`.
    package var headers: HTTPHeaders
    package var body: ByteBuffer
    package var use: AnswerUse
    /// When the answer must be there.
    package var deadline: NIODeadline
    /// Asked when the connection stands, before the first byte; false keeps the request back.
    package var mayBegin: (@Sendable () -> Bool)?

    /// What is wanted of an answer.
    package enum AnswerUse: Sendable, Hashable {
        /// The body of a 200, up to this many bytes; with another status, the connection is closed at
        /// the answer's head.
        case body(limit: Int)
        /// The head alone; the connection is used again after a body of up to this many bytes.
        case head(bodyLimit: Int)
    }

    package init(
        target: String,
        headers: HTTPHeaders,
        body: ByteBuffer,
        use: AnswerUse,
        deadline: NIODeadline,
        mayBegin: (@Sendable () -> Bool)? = nil
    ) {
        self.target = target
        self.headers = headers
        self.body = body
        self.use = use
        self.deadline = deadline
        self.mayBegin = mayBegin
    }

    /// How it ended.
    package enum Ending: Sendable {
        case answered(HTTPResponseHead, ByteBuffer)
        /// No byte of it went out, and none can any more.
        case notBegun(any Error)
        /// It had its connection, and was not allowed to begin.
        case heldBack
        /// It began to go out, and no whole answer came. Where connections end with a reset, this one
        /// is closed, and no byte of it can go out any more.
        case broken(any Error)
    }
}
