package import DeliveryEngine

/// What a store runs on: a database, its connections and the thread that writes.
package protocol Engine: Sendable {
    /// Lends the connection that writes, one job after another, when it is this one's turn.
    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error>

    /// Lends a connection on a snapshot of its own.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error>

    /// Whether jobs are done on other threads than their callers'; tests and simulations have one.
    var isConcurrent: Bool { get }

    /// Whether another store was put in this one's place, so that its ledger lacks calls.
    var lacksCalls: Bool { get }

    /// Hears on the writer's thread that a full window is held durably for the calls it lacks.
    func heldWindow(_ connection: any WritingConnection)

    /// Refuses what is new while there is little room.
    func refuseWhenShort() throws(QueueError)

    /// An error in words for operators.
    func queueError(_ error: any Error) -> QueueError

    /// The bytes of the write-ahead log; nil if there is none.
    var logSize: Int? { get }

    /// How many jobs wait for the connection that writes.
    var waitingCount: Int { get }

    /// Waits for what is going on and lets go of the database.
    func close() throws(QueueError)
}

/// Which job has the writer's thread first.
package enum WriterRank: Int, CaseIterable, Sendable {
    /// The sending loop: one commit at a time, so it leaves turns to the others.
    case loop
    /// A request that a client waits for, and that takes no longer than a millisecond.
    case request
    /// Slices of streams and large creations, some 20 ms each.
    case bulk
}
