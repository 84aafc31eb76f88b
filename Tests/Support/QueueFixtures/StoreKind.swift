import PostgresQueue
package import QueueTables
import SQLiteQueue

/// The stores there are: what all of them promise is tested on each.
package enum StoreKind: Sendable, CaseIterable {
    case sqliteInMemory
    case sqliteFile
    case postgres

    /// Those that can be had on this machine; `PostgresServer.missing` says why one is left out.
    package static var allCases: [StoreKind] {
        [.sqliteInMemory, .sqliteFile] + (PostgresServer.missing == nil ? [.postgres] : [])
    }
}

/// Makes the stores of one test, whose files are removed with the value.
package final class Stores: Sendable {
    private let files = TemporaryFiles()

    package init() {}

    /// A new store; one of each kind at a time.
    package func make(
        _ kind: StoreKind,
        seed: UInt64 = 1,
        rowsPerStep: Int = 5_000
    ) throws -> Store {
        try make(kind, makeOptions(seed: seed, rowsPerStep: rowsPerStep))
    }

    package func make(_ kind: StoreKind, _ options: Store.Options) throws -> Store {
        switch kind {
        case .sqliteInMemory: return try Store.inMemory(options: options)
        case .sqliteFile: return try Store.open(at: files.path("a"), options: options)
        case .postgres:
            let server = try PostgresServer.shared.get()
            return try Store.open(in: server.makeOptions(), options: options, isConcurrent: false)
        }
    }
}
