package import Platform

/// Where the queue is kept, and this node's part in it (contract, section 17).
package struct PostgresOptions: Sendable {
    /// libpq's string or URL, without a password; several hosts are allowed.
    package var url: String
    package var password: Secret?
    /// The schema of this app's tables.
    package var schema: String
    package var synchronous: SynchronousRule
    /// This node's name, by which the row of the lease knows its holder.
    package var node: String
    /// The URL at which clients reach this node.
    package var advertise: String?
    /// How long a silent leader is believed.
    package var patience: Duration
    /// The folder of the node's lock and of the highest mark that it saw.
    package var stateDirectory: String

    package init(
        url: String,
        password: Secret? = nil,
        schema: String,
        synchronous: SynchronousRule = .required,
        node: String,
        advertise: String? = nil,
        patience: Duration = .seconds(12),
        stateDirectory: String
    ) {
        self.url = url
        self.password = password
        self.schema = schema
        self.synchronous = synchronous
        self.node = node
        self.advertise = advertise
        self.patience = patience
        self.stateDirectory = stateDirectory
    }

    /// What is asked of the database's replication at a start.
    package enum SynchronousRule: String, Sendable, Hashable, CaseIterable {
        /// A server without `synchronous_standby_names` is refused.
        case required = "true"
        /// The service looks after it and doesn't show it.
        case managed
        /// A commit may be lost with its server.
        case optional = "false"
    }
}
