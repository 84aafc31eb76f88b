package import DeliveryCore
package import HTTPAPI
package import Logging
package import Platform
package import PostgresQueue

/// What an instance is told to do: every value checked, every secret read.
///
/// The initial values are the defaults; `ConfigurationKey.all` says how each is named in the file
/// and in the environment. What has no default is filled in by `ConfigurationLoader`.
package struct Configuration: Sendable {
    package var http = HTTP()
    package var store = Store()
    package var cluster = Cluster()
    package var provider = ProviderSection()
    package var limits = Limits()
    package var retry = Retry()
    package var jobs = Jobs()
    package var defaults = Defaults()
    package var retention = Retention()
    package var webhooks: [HookSetting] = []
    package var log = Log()

    package init() {}

    package struct HTTP: Sendable {
        package var listen = ListenAddress.tcp(host: "127.0.0.1", port: 8480)
        package var socketGroup: String?
        package var allowRemote = false
        /// Nil: `token` beside a store that is a file; `Configuration.tokenFile` is the one to use.
        package var tokenFile: String?
        /// What that file holds; nil until the daemon has opened it, who makes it where there is none.
        package var token: Secret?
        package var tokensFile: String?
        /// What `tokensFile` holds.
        package var tokens: [AccessToken] = []
        package var maxBodyBytes = 1_048_576
        package var gatewayMaxBodyBytes = 67_108_864
        package var page = true
        /// What the page calls the instance; empty for its app.
        package var title = ""
    }

    package struct Store: Sendable {
        package var path = "/var/lib/fanoutd/fanoutd.sqlite"
        package var minFreeBytes = 268_435_456
        package var postgres = Postgres()

        /// A database that takes the place of the file at `path` where its URL is given.
        package struct Postgres: Sendable {
            package var url: String?
            package var passwordFile: String?
            /// What `passwordFile` holds, without its trailing newline.
            package var password: Secret?
            /// Nil: one named after the app; `Configuration.schema` is the one to use.
            package var schema: String?
            package var requireSynchronous = PostgresOptions.SynchronousRule.required
        }
    }

    /// This node's part among those that serve one queue of PostgreSQL.
    package struct Cluster: Sendable {
        /// Nil: the machine's name; `nodeName` is the one to use.
        package var name: String?
        package var advertise: WebAddress?
        package var patienceSeconds = 12.0
        /// Nil: the one that the loader found; `folder` is the one to use.
        package var stateDirectory: String?
        /// systemd's folder for the service's state, or the one of the configuration's file.
        package var standardFolder = "."
    }

    package struct Limits: Sendable {
        package var messagesPerMinute = 12_000
        package var callsPerSecond = 200
        /// Nil: as much as goes with `messagesPerMinute`; `effectiveBurst` is the one to use.
        package var burst: Int?
        package var batchAccounts = ProviderSection.accountLimit
        package var packetBytes = 12_000
        package var maxInFlight = 64

        /// What `maxInFlight` can be.
        package static let inFlightRange = 1...256

        /// The recipients that may go out at once after a pause.
        package var effectiveBurst: Int {
            burst ?? DeliveryCore.Limits.standardBurst(messagesPerMinute: messagesPerMinute)
        }

        /// The most accounts that a call can hold under the other limits.
        package var largestBatch: Int { min(batchAccounts, effectiveBurst, messagesPerMinute) }
    }

    package struct Retry: Sendable {
        package var maxAttempts = 8
        package var baseSeconds = 5.0
        package var capSeconds = 300.0
    }

    /// Calls of each kind that a job makes.
    package struct Jobs: Sendable {
        package var checkCallsPerSecond = 50
        package var verifyCallsPerSecond = 100
        package var recallCallsPerSecond = 100
        package var verifySettleSeconds = 60.0
    }

    package struct Defaults: Sendable {
        package var onUnknown = UnknownPolicy.resend
        package var priority = Priority.normal
        package var sendBetween: SendingHours?
    }

    package struct Retention: Sendable {
        package var days = 30
    }

    package struct Log: Sendable {
        package var level = Logger.Level.info
        package var format = LogFormat.auto
    }

    /// What the log calls whoever holds the token of `http.tokenFile`.
    package static let ownerName = "owner"

    /// Where the daemon's own token stands; nil where it has none: with PostgreSQL there is no place
    /// beside the store, and all nodes go by the same tokens.
    package var tokenFile: String? {
        http.tokenFile ?? (isShared ? nil : Path.folder(of: store.path) + "/token")
    }
}
