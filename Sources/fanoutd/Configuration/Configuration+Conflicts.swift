import DeliveryCore
import Platform
import SystemPackage

extension Configuration {
    /// Values that are fine alone and wrong beside others, under the key to change.
    typealias Conflict = (key: String, problem: String, remedy: String)

    /// What keeps the daemon from starting; `given` has the names of the keys that were written.
    func conflicts(given: Set<String>) -> [Conflict] {
        var conflicts = storeConflicts(given)
        if !http.listen.isLocal, !http.allowRemote {
            conflicts += [
                (
                    "http.listen",
                    "'\(http.listen)' can be reached from other machines",
                    "listen on 127.0.0.1 or unix:PATH, or set http.allowRemote: true"
                )
            ]
        }
        if case .unix = http.listen, let group = http.socketGroup, GroupID(named: group) == nil {
            conflicts += [
                (
                    "http.socketGroup",
                    "there is no group '\(group)' on this machine",
                    "give the name of one that is (getent group), or make it: groupadd"
                )
            ]
        }
        conflicts += provider.conflicts
        if retry.baseSeconds > retry.capSeconds {
            conflicts += [
                (
                    "retry.baseSeconds",
                    "\(retry.baseSeconds) is over retry.capSeconds, \(retry.capSeconds)",
                    "give a base that is at most the cap"
                )
            ]
        }
        return conflicts
    }

    /// What works and yet may not be what was meant.
    ///
    /// `stopTimeout` is how long the service manager waits after SIGTERM before it kills.
    package func warnings(stopTimeout: Duration) -> [String] {
        var warnings = provider.warnings(stopTimeout: stopTimeout)
        // Small batches under a small quota are as they should be; a wish that isn't met is said.
        let isWished =
            limits.batchAccounts != Limits().batchAccounts
            || limits.batchAccounts > limits.burst ?? .max
        if isWished, limits.batchAccounts > limits.largestBatch {
            warnings.append(
                "limits.batchAccounts: batches are cut to \(limits.largestBatch), the least of"
                    + " limits.burst and limits.messagesPerMinute"
            )
        }
        if http.socketGroup != nil, case .tcp = http.listen {
            warnings.append("http.socketGroup: has no effect, http.listen is no unix:PATH")
        }
        return warnings + vainStoreKeys
    }

    /// What a daemon logs about its configuration.
    package var serviceWarnings: [String] {
        warnings(stopTimeout: Self.unitStopTimeout) + provider.exposures.map(\.description)
    }

    /// The TimeoutStopSec of our units.
    package static let unitStopTimeout = Duration.seconds(90)

    /// What a stop takes besides the last call: its record and closing the store, generously.
    package static let stopMargin = Duration.seconds(10)
}
