package import DeliveryCore
package import DeliveryEngine
package import Platform

/// What the endpoint is told when it is built.
///
/// What a reload may change, limits and tokens, is a closure; everything else holds for the
/// endpoint's life.
package struct EndpointConfiguration: Sendable {
    package var listen: ListenAddress
    /// The group that may use a Unix socket, beside the owner.
    package var socketGroup: String?
    /// Who may come in over TCP; on a Unix socket no token is asked for.
    package var tokens: @Sendable () -> [AccessToken] = { [] }
    /// The largest JSON body; streams of recipients are not bounded by it.
    package var bodySizeLimit = 1_048_576
    /// The largest body of the gateway, which is in memory as a whole while it is taken in.
    package var gatewayBodySizeLimit = 67_108_864
    /// Whether the page is served.
    package var hasPage = true
    /// What the page calls the instance; empty for its app.
    package var title = ""
    /// The daemon's version.
    package var version = ""
    /// The app that is sent for.
    package var app: @Sendable () -> App = { App(id: 0, isSimulated: false) }
    /// This node's part among those of one queue; nil where there is only one.
    package var cluster: @Sendable () -> ClusterStatus? = { nil }
    /// The service's limits, which messages must fit, no campaign's cap may exceed, and plans are
    /// made by.
    package var limits: @Sendable () -> Limits = { Limits() }
    package var defaultPriority = Priority.normal
    package var defaultOnUnknown = UnknownPolicy.resend
    /// The sending hours of campaigns that don't say.
    package var defaultSendBetween: @Sendable () -> SendingHours? = { nil }
    /// The time zones that sending hours may name.
    package var zones: any ZoneDirectory = UniversalTime()
    /// Memory that all open streams of accounts share, in bytes.
    package var intakeMemoryLimit = 32 << 20
    /// Memory that all JSON bodies share, in bytes; two of the largest always have room.
    ///
    /// The gateway's bodies, which may be far larger, share as much again, or one of the largest.
    package var bodyMemoryLimit = 16 << 20
    /// Memory that all long responses share while they are made and read, in bytes.
    package var responseMemoryLimit = 32 << 20
    /// Memory that all watchers of events share, in bytes.
    package var watchMemoryLimit = 64 << 20
    /// Connections open at once, if the process may open so many files; the next one takes the
    /// place of an idle one.
    package var connectionLimit = 2_000
    /// How long clients may keep a connection waiting.
    package var requestLimits = RequestLimits()

    package init(listen: ListenAddress) {
        self.listen = listen
    }

    /// What clients are told of the provider's app.
    package struct App: Sendable, Hashable {
        package var id: Int
        /// Whether its messages go no farther than this machine.
        package var isSimulated: Bool

        package init(id: Int, isSimulated: Bool) {
            self.id = id
            self.isSimulated = isSimulated
        }
    }
}

/// A bearer token and what it allows.
package struct AccessToken: Sendable, Equatable {
    /// What the audit log calls its holder.
    package let name: String
    package let canWrite: Bool
    package let secret: [UInt8]

    package init(name: String, canWrite: Bool, secret: [UInt8]) {
        precondition(!secret.isEmpty, "the token \(name) is empty")
        self.name = name
        self.canWrite = canWrite
        self.secret = secret
    }

    /// Compares in a time that doesn't depend on where the two differ.
    func matches(_ offered: [UInt8]) -> Bool {
        var difference = secret.count ^ offered.count
        for index in secret.indices {
            let other = offered.isEmpty ? 0 : offered[index % offered.count]
            difference |= Int(secret[index] ^ other)
        }
        return difference == 0
    }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "token \(name)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
