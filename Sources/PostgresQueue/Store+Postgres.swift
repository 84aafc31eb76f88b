import DeliveryCore
package import QueueTables

extension Store {
    /// Opens a store and takes its lease at once: for tests, simulations and tools.
    ///
    /// Whoever had the lease writes nothing more. If it isn't concurrent, it works on its caller's
    /// thread.
    package static func open(
        in postgres: PostgresOptions,
        options: Options,
        isConcurrent: Bool = true
    ) throws -> Store {
        let session = try Session(postgres)
        let beginning = Session.Beginning(
            holder: postgres.node,
            advertise: postgres.advertise,
            patience: postgres.patience,
            isConcurrent: isConcurrent,
            lacksCalls: false,
            committed: { _ in },
            heldWindow: { _ in }
        )
        do {
            guard let (engine, salt) = try session.beginTerm(at: nil, beginning) else {
                throw PostgresError.unreachable(detail: "another node takes the lease as well")
            }
            return Store(on: engine, salt: salt, options: options)
        } catch {
            throw PostgresError(error, schema: postgres.schema)
        }
    }

    /// How many messages the writer had answered: for tests.
    package var roundTrips: Int { (engine as? PostgresEngine)?.roundTrips ?? 0 }

    /// How many commits were in doubt: for tests and simulations.
    package var inDoubt: Int { (engine as? PostgresEngine)?.term.inDoubt ?? 0 }
}
