package import DeliveryEngine

/// The database under a store: its connections and the thread that writes.
package protocol Engine: Sendable {
    /// Lends the writing connection to one job after another, by rank.
    func write<T: Sendable>(
        _ rank: WriterRank,
        _ body: @escaping @Sendable (any WritingConnection) throws -> T
    ) async -> Result<T, any Error>

    /// Lends a connection on a snapshot of its own.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async -> Result<T, any Error>

    /// Whether jobs run on other threads than their callers'; tests and simulations have one
    /// thread.
    var isConcurrent: Bool { get }

    /// Where runs of a long stream are spilled; nil where each is stored as it comes.
    var scratchFolder: String? { get }

    /// Whether the store was replaced by another, whose ledger lacks calls made since.
    var lacksCalls: Bool { get }

    /// Is told on the writer's thread that a full window is durably held for the missing calls.
    func heldWindow(_ connection: any WritingConnection)

    /// Refuses new work while the disk has too little room.
    func refuseWhenShort() throws(QueueError)

    /// An error in words for operators.
    func queueError(_ error: any Error) -> QueueError

    /// The bytes of the write-ahead log; nil if there is none.
    var logSize: Int? { get }

    /// How many jobs wait for the writing connection.
    var waitingCount: Int { get }

    /// Waits for running jobs and closes the database.
    func close() throws(QueueError)
}

/// The order in which waiting jobs get the writer's thread.
package enum WriterRank: Int, CaseIterable, Sendable {
    /// The sending loop: one commit at a time, so other ranks get their turns.
    case loop
    /// A request that a client waits for and that takes a millisecond at most.
    case request
    /// Slices of streams and large creations, some 20 ms each.
    case bulk
}
