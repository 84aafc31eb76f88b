import Foundation
import QueueTables
import SQLiteQueue
import Simulation
import TestSupport

/// A store on a file that has a trigger more than the store itself makes.
struct TriggeredStore {
    let store: Store
    private let folder: URL

    init(trigger: String) throws {
        // In memory where there is such a folder: nothing here needs to outlive the test.
        let memory = URL(filePath: "/dev/shm")
        let isThere = FileManager.default.isWritableFile(atPath: memory.path)
        folder = (isThere ? memory : FileManager.default.temporaryDirectory).appending(
            path: "fanoutd-test-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "fanoutd.sqlite").path
        let options = Store.Options(bootID: "boot", seed: 1, accounts: accountRules)
        try Store.open(at: path, options: options).close()
        let database = try SQLiteConnection(at: path)
        try database.execute(trigger)
        try database.close()
        store = try Store.open(at: path, options: options)
    }

    func remove() {
        do {
            try store.close()
            try FileManager.default.removeItem(at: folder)
        } catch {
            print("left behind: \(folder.path): \(error)")
        }
    }
}
