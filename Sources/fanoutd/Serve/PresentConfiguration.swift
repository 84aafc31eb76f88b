import Synchronization

/// The configuration in force, which a reload replaces in part.
///
/// Whoever asks for a value each time he needs it follows a reload without being told.
package final class PresentConfiguration: Sendable {
    private let value: Mutex<Configuration>

    package init(_ configuration: Configuration) {
        value = Mutex(configuration)
    }

    package var current: Configuration { value.withLock { $0 } }

    /// What a new configuration comes to.
    package struct Change: Sendable {
        /// The configuration in force now.
        package let configuration: Configuration
        /// The keys whose new values are in force now.
        package let taken: [String]
        /// The keys whose new values wait for a restart.
        package let waiting: [String]
    }

    /// Takes over what can change while the daemon runs.
    package func take(_ new: Configuration) -> Change {
        value.withLock { value in
            let old = value
            value.takeOver(new)
            let changed = ConfigurationKey.all.filter { $0.differs(old, new) }.map(\.name)
            return Change(
                configuration: value,
                taken: changed.filter(Configuration.keysThatFollow.contains),
                waiting: changed.filter { !Configuration.keysThatFollow.contains($0) }
            )
        }
    }
}

extension Configuration {
    /// The keys that take hold without a restart; `takeOver` carries exactly these.
    ///
    /// What stays out is built into something that lives as long as the process: the socket, the
    /// store, the TLS roots, and the deadlines of a call and of the shutdown.
    package static let keysThatFollow = ProviderSection.keysThatFollow.union([
        "limits.messagesPerMinute", "limits.callsPerSecond", "limits.burst",
        "limits.batchAccounts", "limits.packetBytes", "limits.maxInFlight",
        "retry.maxAttempts", "retry.baseSeconds", "retry.capSeconds",
        "retention.days", "log.level", "http.tokenFile", "http.tokensFile",
    ])

    /// Takes the values of those keys.
    fileprivate mutating func takeOver(_ new: Configuration) {
        provider.follow(new.provider)
        (http.tokenFile, http.token) = (new.http.tokenFile, new.http.token)
        (http.tokensFile, http.tokens) = (new.http.tokensFile, new.http.tokens)
        limits = new.limits
        retry = new.retry
        retention = new.retention
        log.level = new.log.level
    }
}

extension ConfigurationKey {
    /// Whether a key's value differs; that of a file with secrets is what it holds.
    fileprivate func differs(_ old: Configuration, _ new: Configuration) -> Bool {
        if show(old) != show(new) { return true }
        switch name {
        case "http.tokenFile": return old.http.token != new.http.token
        case "http.tokensFile": return old.http.tokens != new.http.tokens
        default: return old.provider.secret(of: name) != new.provider.secret(of: name)
        }
    }
}
