package import QueueTables
import SQLiteQueue

/// The stores there are: what all of them promise is tested on each.
package enum StoreKind: Sendable, CaseIterable {
    case sqliteInMemory
    case sqliteFile
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
        let options = makeOptions(seed: seed, rowsPerStep: rowsPerStep)
        return switch kind {
        case .sqliteInMemory: try Store.inMemory(options: options)
        case .sqliteFile: try Store.open(at: files.path("a"), options: options)
        }
    }
}
