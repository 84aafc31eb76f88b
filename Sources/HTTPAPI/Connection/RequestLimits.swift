import NIOCore

/// How long and how much a connection may keep the endpoint waiting.
struct RequestLimits: Sendable {
    /// From the connection's start, or an answer's end, to the next request's whole head.
    var headTime: TimeAmount = .seconds(75)
    /// The time over which a body's rate is measured, of that in which the endpoint waited for it.
    var rateWindow: TimeAmount = .seconds(30)
    /// The least rate of a body in such a window, in bytes a second.
    var bodyRate = 1_024
    /// How long a body may still come once the service stops.
    var stopTime: TimeAmount = .seconds(5)
    /// How long a client may leave an answer unread.
    var writeTime: TimeAmount = .seconds(120)
    /// What is still read of a body that nobody wants, so that the client sees the answer.
    var lingerTime: TimeAmount = .seconds(3)
    var lingerSize = 1 << 20
    /// A rest of this size is read to keep the connection; a longer one closes it.
    var restSize = 65_536
    /// How long the handler has for its answer once a slow body was cut.
    var cutTime: TimeAmount = .seconds(60)

    static let rateText = "1 KiB a second"
}

/// The body came too slowly and is not waited for any more.
struct SlowBody: Error {}

/// The service stops and waits for no more of a body.
struct StoppedBody: Error {}

/// A request's handler wants the body: the event that answers `Expect: 100-continue`.
struct BodyWanted: Sendable {}
