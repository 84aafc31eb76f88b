import Synchronization

/// The configuration in force, which a reload replaces in part.
///
/// Readers take a value each time they use it, so they follow a reload without being notified.
package final class PresentConfiguration: Sendable {
    private let value: Mutex<Configuration>

    package init(_ configuration: Configuration) {
        value = Mutex(configuration)
    }

    package var current: Configuration { value.withLock { $0 } }

    /// The effect of a new configuration.
    package struct Change: Sendable {
        /// The configuration in force now.
        package let configuration: Configuration
        /// The keys whose new values are in force now.
        package let taken: [String]
        /// The keys whose new values wait for a restart.
        package let waiting: [String]
    }

    /// Applies the keys that can change while the daemon runs.
    package func take(_ new: Configuration) -> Change {
        value.withLock { value in
            let old = value
            let changed = ConfigurationKey.all.filter { $0.differs(old, new) }
            for key in changed where key.isReloaded { key.carry(new, &value) }
            let areOthers = new.webhooks != value.webhooks
            value.webhooks = new.webhooks
            return Change(
                configuration: value,
                taken: changed.filter(\.isReloaded).map(\.name)
                    + (areOthers ? [WebhookReader.name] : []),
                waiting: changed.filter { !$0.isReloaded }.map(\.name)
            )
        }
    }
}
