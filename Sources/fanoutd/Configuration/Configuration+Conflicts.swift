import DeliveryCore
import Glibc
import Platform

extension Configuration {
    /// A value that is fine alone and wrong beside the others.
    package struct Conflict: Sendable, Hashable {
        package let key: String
        package let problem: String
        package let remedy: String
    }

    /// What keeps the daemon from starting.
    package var conflicts: [Conflict] {
        var conflicts: [Conflict] = []
        if !http.listen.isLocal, !http.allowRemote {
            conflicts.append(
                Conflict(
                    key: "http.listen",
                    problem: "'\(http.listen)' can be reached from other machines",
                    remedy: "listen on 127.0.0.1 or unix:PATH, or set http.allowRemote: true"
                )
            )
        }
        if case .unix = http.listen, let group = http.socketGroup, unsafe getgrnam(group) == nil {
            conflicts.append(
                Conflict(
                    key: "http.socketGroup",
                    problem: "there is no group '\(group)' on this machine",
                    remedy: "give the name of one that is (getent group), or make it: groupadd"
                )
            )
        }
        if !tencent.endpoint.isPrivate {
            conflicts.append(.openEndpoint("tencent.endpoint", tencent.endpoint))
        }
        if let backup = tencent.backupEndpoint, !backup.isPrivate {
            conflicts.append(.openEndpoint("tencent.backupEndpoint", backup))
        }
        if retry.baseSeconds > retry.capSeconds {
            conflicts.append(
                Conflict(
                    key: "retry.baseSeconds",
                    problem: "\(retry.baseSeconds) is over retry.capSeconds, \(retry.capSeconds)",
                    remedy: "give a base that is at most the cap"
                )
            )
        }
        return conflicts
    }

    /// What works and yet may not be what was meant.
    ///
    /// `stopTimeout` is how long the service manager waits after SIGTERM before it kills.
    package func warnings(stopTimeout: Duration) -> [String] {
        var warnings: [String] = []
        let needed = Duration.seconds(tencent.timeoutSeconds) + Self.stopMargin
        if needed > stopTimeout {
            warnings.append(
                "tencent.timeoutSeconds: a call of \(tencent.timeoutSeconds) s and its record don't"
                    + " fit into a stop timeout of \(stopTimeout.inSeconds) s; lower it or set"
                    + " TimeoutStopSec to \(Int(needed.inSeconds.rounded(.up))) or more"
            )
        }
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
        if tencent.backupEndpoint == tencent.endpoint {
            warnings.append("tencent.backupEndpoint: has no effect, it is tencent.endpoint")
        }
        return warnings
    }

    /// What a daemon logs about its configuration.
    package var serviceWarnings: [String] {
        warnings(stopTimeout: Self.unitStopTimeout) + exposures
    }

    /// Files with secrets that every user of the machine may read, with the remedy.
    ///
    /// A group may: a systemd credential shows its access list there. A `http.tokensFile` is not
    /// among them, it is refused.
    package var exposures: [String] {
        let path = tencent.secretKeyFile
        guard SmallFile.isOpenToEveryone(path) else { return [] }
        return ["tencent.secretKeyFile: every user can read \(path); run: chmod o= \(path)"]
    }

    /// The TimeoutStopSec of our units.
    package static let unitStopTimeout = Duration.seconds(90)

    /// What a stop takes besides the last call: its record and closing the store, generously.
    package static let stopMargin = Duration.seconds(10)
}

extension Configuration.Conflict {
    fileprivate static func openEndpoint(_ key: String, _ endpoint: WebAddress) -> Self {
        Self(
            key: key,
            problem: "'\(endpoint)' would send the signature unencrypted over a network",
            remedy: "write https://, http:// is for loopback only"
        )
    }
}
