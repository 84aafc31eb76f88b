import DeliveryCore
import QueueTables

/// What a schema and its server show to a process that disturbs nobody at work on them.
package struct PostgresInspection: Sendable, Hashable {
    /// The server that takes writes.
    package let host: String
    /// As servers number themselves: 15.4 is 150004.
    package let serverVersion: Int
    package let presence: Presence
    /// Why a commit may be lost with its server, as the setting that says so; nil if it can't.
    package let synchronousFault: String?
    /// The leader's URL; nil if it has none, or nobody leads.
    package let leader: String?
    /// Nil where there are no tables yet.
    package let epoch: Int64?

    package enum Presence: Sendable, Hashable {
        /// The first start makes it.
        case none
        case version(Int)
    }

    package init(
        host: String,
        serverVersion: Int,
        presence: Presence,
        synchronousFault: String?,
        leader: String?,
        epoch: Int64?
    ) {
        self.host = host
        self.serverVersion = serverVersion
        self.presence = presence
        self.synchronousFault = synchronousFault
        self.leader = leader
        self.epoch = epoch
    }

    /// Looks at a schema, or at the place of one; what can't be a store is refused as at a start.
    ///
    /// It waits for the servers, up to some seconds: don't call it where tasks run.
    package init(_ options: PostgresOptions) throws(PostgresError) {
        let session = try Session(options)
        do {
            let (connection, host) = try session.connect()
            let version = connection.serverVersion
            guard version >= PostgresError.oldestServer else {
                throw PostgresError.oldServer(version: version)
            }
            let fault = try connection.synchronousFault()
            if options.synchronous == .required, let fault {
                throw PostgresError.notSynchronous(setting: fault)
            }
            let schema = PostgresSchema(name: options.schema, connection: connection)
            let presence = try schema.judged()
            let row = presence == .none ? nil : try connection.lease()
            self.host = host.name
            serverVersion = version
            self.presence = presence
            synchronousFault = fault
            leader = row.flatMap { $0.advertise.isEmpty ? nil : $0.advertise }
            epoch = row?.mark.epoch
        } catch {
            throw PostgresError(error, schema: options.schema)
        }
    }
}

extension PostgresSchema {
    /// What is there; another program's tables, and other versions, are refused.
    fileprivate func judged() throws -> PostgresInspection.Presence {
        let found = try look()
        try judge(found) { _ in }
        if case .version(let version) = found { return .version(version) }
        return .none
    }
}

extension PostgresError {
    /// The error of an attempt to use a server.
    init(_ error: any Error, schema: String) {
        switch error {
        case let error as PostgresError: self = error
        case let failure as ServerSearch.Failure where failure.isRefusal:
            self = .refused(detail: failure.text)
        case let failure as ServerSearch.Failure: self = .unreachable(detail: failure.text)
        case let fault as PostgresFault where fault.kind == .server(code: "42501"):
            self = .notPermitted(schema: schema, detail: fault.detail)
        case let fault as PostgresFault: self = .unreachable(detail: fault.detail)
        default: self = .unreachable(detail: "\(error)")
        }
    }
}
