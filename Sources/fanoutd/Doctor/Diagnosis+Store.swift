import Client
import DeliveryCore
package import Platform
package import SQLiteQueue
import SystemPackage

extension Diagnosis {
    /// A claim and a record each wait for a durable write: with slower ones a notice to a few people
    /// doesn't go out within its 3 s.
    package static let writeLimit = Duration.seconds(1)

    /// Four times what a WAL is cut to, as for the alert: a reader keeps it from being emptied, or
    /// the disk can't keep up.
    package static let logLimit = 268_435_456

    /// How the store stands, by its files and by a durable write beside it.
    package static func store(
        _ path: String,
        _ seen: Result<StoreInspection, StoreError>,
        write: Result<Duration, SmallFile.Fault>,
        minFreeBytes: Int
    ) -> [Diagnosis] {
        let inspection: StoreInspection
        switch seen {
        case .failure(let error):
            let finding = Finding(splitting: error.description, at: ": ")
            return [
                Diagnosis(
                    .store,
                    .fault(.tryAgain),
                    "store.path: \(finding.problem)",
                    remedy: finding.remedy
                )
            ]
        case .success(let found): inspection = found
        }
        let troubles = [
            room(path, inspection, minFreeBytes), writing(path, write), log(path, inspection),
        ].compactMap { $0 }
        guard troubles.isEmpty else { return troubles }
        return [Diagnosis(.store, .ok, summary(path, inspection, write))]
    }

    private static func room(
        _ path: String,
        _ inspection: StoreInspection,
        _ minFreeBytes: Int
    ) -> Diagnosis? {
        guard let free = inspection.freeBytes, free < minFreeBytes else { return nil }
        return Diagnosis(
            .store,
            .fault(.tryAgain),
            "store.minFreeBytes: \(free) bytes are free on the disk of \(path), which is under"
                + " \(minFreeBytes): nothing new is accepted",
            remedy: "free some room there"
        )
    }

    private static func writing(
        _ path: String,
        _ write: Result<Duration, SmallFile.Fault>
    ) -> Diagnosis? {
        switch write {
        case .failure(let fault):
            return Diagnosis(
                .store,
                .fault(.tryAgain),
                "store.path: no file can be written beside \(path) (\(fault.reason))",
                remedy: remedy(for: fault)
            )
        case .success(let time) where time > writeLimit:
            return Diagnosis(
                .store,
                .warning,
                "a durable write beside \(path) takes \(text(time)), and each commit waits for one",
                remedy: "see to its disk, or give the store a faster one"
            )
        case .success: return nil
        }
    }

    static func remedy(for fault: SmallFile.Fault) -> String {
        if fault.code == .noSuchFileOrDirectory { return "\(folderRemedy), or name another place" }
        return fault.mayPass
            ? "see to its disk"
            : "run this as root or the service's user, which must be able to write there"
    }

    private static func log(_ path: String, _ inspection: StoreInspection) -> Diagnosis? {
        guard inspection.logBytes > logLimit else { return nil }
        return Diagnosis(
            .store,
            .warning,
            "\(path)-wal has \(inspection.logBytes.grouped) bytes and isn't emptied",
            remedy: inspection.holder == nil
                ? "start the daemon, which empties it"
                : "end what reads the store for hours, such as a backup or a sqlite3"
        )
    }

    private static func summary(
        _ path: String,
        _ inspection: StoreInspection,
        _ write: Result<Duration, SmallFile.Fault>
    ) -> String {
        let presence =
            switch inspection.presence {
            case .none: "the first start makes \(path)"
            case .inLog: "\(path) is new, all of it is still in its log"
            case .version(StoreInspection.knownVersion):
                "\(path) has version \(StoreInspection.knownVersion)"
            case .version(let version):
                "\(path) has version \(version), the next start makes it"
                    + " \(StoreInspection.knownVersion)"
            }
        var parts = [presence]
        if let holder = inspection.holder {
            parts.append("in use by a running daemon (pid \(holder))")
        }
        if let free = inspection.freeBytes { parts.append("\(free.grouped) bytes are free") }
        if case .success(let time) = write {
            parts.append("a durable write takes \(text(time))")
        }
        parts.append("its log has \(inspection.logBytes.grouped) bytes")
        return parts.joined(separator: ", ")
    }

    /// A duration for people: milliseconds below a second.
    static func text(_ time: Duration) -> String {
        if time < .milliseconds(1) { return "under 1 ms" }
        if time < .seconds(1) { return "\(time.milliseconds) ms" }
        let tenths = time.milliseconds / 100
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
