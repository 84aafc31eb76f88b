import DeliveryCore
import HTTPAPI

extension Diagnosis {
    /// The limits that the service manager sets; nil for a process that it doesn't run.
    package static func unit(
        _ unit: UnitSighting?,
        connections: Int,
        inFlight: Int,
        stopNeeded: Duration
    ) -> [Diagnosis] {
        guard let unit else {
            return [Diagnosis(.unit, .ok, "left out, no daemon runs under systemd here")]
        }
        let troubles = [
            unit.openFiles.flatMap { files($0, unit.name, connections, inFlight) },
            unit.stopTimeout.flatMap { stop($0, unit.name, stopNeeded) },
        ].compactMap { $0 }
        guard troubles.isEmpty else { return troubles }
        var parts: [String] = []
        if let count = unit.openFiles { parts.append("LimitNOFILE \(count)") }
        if let time = unit.stopTimeout { parts.append("TimeoutStopSec \(Int(time.inSeconds))") }
        let limits = parts.isEmpty ? "its limits can't be seen" : parts.joined(separator: ", ")
        return [Diagnosis(.unit, .ok, "\(unit.name): \(limits)")]
    }

    /// Files beside connections and calls: the store, the log, the runtime's own.
    private static let otherFiles = 64

    private static func files(
        _ count: Int,
        _ name: String,
        _ connections: Int,
        _ inFlight: Int
    ) -> Diagnosis? {
        let open = ConnectionTable.limit(wanted: connections, openFiles: count)
        let problem: String
        if count - open < inFlight + otherFiles {
            problem = "doesn't last for limits.maxInFlight, \(inFlight), and clients"
        } else if open < connections {
            problem = "leaves room for \(open) of \(connections) connections"
        } else {
            return nil
        }
        return Diagnosis(
            .unit,
            .warning,
            "\(name): LimitNOFILE \(count) \(problem)",
            remedy: "set LimitNOFILE=16384 by systemctl edit \(name)"
        )
    }

    private static func stop(_ time: Duration, _ name: String, _ needed: Duration) -> Diagnosis? {
        guard time < needed else { return nil }
        return Diagnosis(
            .unit,
            .warning,
            "\(name): TimeoutStopSec \(Int(time.inSeconds)) is too short for the last call and its"
                + " record",
            remedy: "set TimeoutStopSec=\(Int(needed.inSeconds.rounded(.up))) or more by systemctl"
                + " edit \(name)"
        )
    }
}
