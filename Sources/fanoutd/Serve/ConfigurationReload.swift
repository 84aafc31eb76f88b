package import Logging
import Platform
package import SystemdNotify

/// The reload at SIGHUP: reads the configuration and applies it, or refuses it as a whole.
package struct ConfigurationReload: Sendable {
    private let load: @Sendable () throws -> Configuration
    private let present: PresentConfiguration
    private let logger: Logger
    private let effects: Effects

    /// The reload's calls to the daemon's parts.
    package struct Effects: Sendable {
        /// Returns once the configuration is in force.
        package var take: @Sendable (Configuration) async -> Void
        /// Shows operators why a configuration was refused.
        package var refuse: @Sendable (String) -> Void
        /// Notifies the service manager; only after READY=1.
        package var tell: @Sendable (ServiceNotification) -> Void

        package init(
            take: @escaping @Sendable (Configuration) async -> Void,
            refuse: @escaping @Sendable (String) -> Void,
            tell: @escaping @Sendable (ServiceNotification) -> Void
        ) {
            self.take = take
            self.refuse = refuse
            self.tell = tell
        }
    }

    package init(
        load: @escaping @Sendable () throws -> Configuration,
        present: PresentConfiguration,
        logger: Logger,
        effects: Effects
    ) {
        self.load = load
        self.present = present
        self.logger = logger
        self.effects = effects
    }

    /// Reloads once; the manager is notified when the new values are in force.
    package func run(monotonicMicroseconds: Int64) async {
        effects.tell(.reloading(monotonicMicroseconds: monotonicMicroseconds))
        do {
            await take(try load())
        } catch {
            let reason = Self.onOneLine((error as? CommandFailure)?.message ?? "\(error)")
            logger.error(
                "Configuration refused, the old one stays",
                metadata: ["error": "\(reason)"]
            )
            effects.refuse(reason)
        }
        effects.tell(.ready)
    }

    private func take(_ new: Configuration) async {
        let change = present.take(new)
        await effects.take(change.configuration)
        logger.notice(
            "Configuration read again",
            metadata: ["changed": "\(Self.list(change.taken))"]
        )
        for warning in change.configuration.serviceWarnings { logger.warning("\(warning)") }
        if !change.waiting.isEmpty {
            logger.warning(
                "Changed keys wait for a restart",
                metadata: ["keys": "\(Self.list(change.waiting))"]
            )
        }
    }

    private static func list(_ keys: [String]) -> String {
        keys.isEmpty ? "nothing" : keys.joined(separator: ", ")
    }

    /// Joins the faults, each on a line of its own below a heading, for the log and the API.
    private static func onOneLine(_ text: String) -> String {
        let lines = text.split(separator: "\n")
        guard let heading = lines.first, heading.hasSuffix(":") else {
            return lines.joined(separator: " | ")
        }
        return heading + " " + lines.dropFirst().joined(separator: " | ")
    }
}
