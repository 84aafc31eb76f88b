package import Client
package import DeliveryCore
package import Platform

/// How far one comes with an endpoint, step by step, and how long each step takes.
package struct EndpointSighting: Sendable, Hashable {
    package let address: WebAddress
    package var steps: [Step] = []
    /// Where it ended; nil if the endpoint has answered.
    package var failure: Failure?
    /// How far this machine's clock is ahead of the endpoint's; nil if it doesn't tell its time.
    package var clockLead: Duration?

    package init(address: WebAddress) {
        self.address = address
    }

    package enum Stage: String, Sendable, Hashable, CaseIterable {
        case lookUp = "DNS"
        case connection = "TCP"
        case handshake = "TLS"
        case answer = "HTTP"
    }

    /// A stage that succeeded.
    package struct Step: Sendable, Hashable {
        package let stage: Stage
        package let time: Duration

        package init(_ stage: Stage, _ time: Duration) {
            self.stage = stage
            self.time = time
        }
    }

    /// A stage that didn't.
    package struct Failure: Sendable, Hashable {
        package let stage: Stage
        package let fault: TransportFault

        package init(_ stage: Stage, _ fault: TransportFault) {
            self.stage = stage
            self.fault = fault
        }
    }

    package var isReached: Bool { failure == nil }

    /// Notes the time that an answer tells, in seconds since 1970, and when it was asked for and came.
    ///
    /// It is cut to whole seconds, so half of one is added to it.
    package mutating func note(providerTime: Int64, asked: Timestamp, answered: Timestamp) {
        let middle = (asked.milliseconds + answered.milliseconds) / 2
        clockLead = .milliseconds(middle - (providerTime * 1_000 + 500))
    }
}
