package import NIOCore

/// How long and how much a connection may keep the endpoint waiting.
package struct RequestLimits: Sendable {
    /// From the connection's start, or a response's end, to the next request's whole head.
    package var headTime: TimeAmount = .seconds(75)
    /// The time over which a body's rate is measured, of that in which the endpoint waited for it.
    package var rateWindow: TimeAmount = .seconds(30)
    /// How often a body's rate is looked at.
    package var rateInterval: TimeAmount = .seconds(5)
    /// The least rate of a body in such a window, in bytes a second.
    package var bodyRate = 1_024
    /// How long a body may still come once the service stops.
    package var stopTime: TimeAmount = .seconds(5)
    /// How long a client may leave a response unread.
    package var writeTime: TimeAmount = .seconds(120)
    /// How long the end of a connection waits for the next piece of what the client still sends,
    /// so that the client sees the response.
    package var lingerTime: TimeAmount = .seconds(3)
    /// How long it does so in all; what comes is thrown away, so that only time is spent.
    package var lingerLimit: TimeAmount = .seconds(30)
    /// A rest of this size is read to keep the connection; a longer one closes it.
    package var restSize = 65_536
    /// How long the handler has for its response once a slow body was cut.
    package var cutTime: TimeAmount = .seconds(60)

    package init() {}

    static let rateText = "1 KiB a second"
}

/// The body came too slowly, and no more of it is waited for.
package struct SlowBody: Error {}

/// The service stops and waits for no more of a body.
package struct StoppedBody: Error {}

/// A request's handler wants the body: the event that answers `Expect: 100-continue`.
package struct BodyWanted: Sendable {
    package init() {}
}
