/// The part of the service's state that survives a restart.
package struct ServiceRecord: Sendable, Hashable {
    /// An operator stopped all sending.
    package var isPaused = false
    /// The provider refused the credentials or the app.
    package var halt: Halt?

    package init() {}

    package struct Halt: Sendable, Hashable {
        package var reason: Campaign.Reason
        /// A salted fingerprint of the credentials and app settings that were refused.
        package var fingerprint: String

        package init(reason: Campaign.Reason, fingerprint: String) {
            self.reason = reason
            self.fingerprint = fingerprint
        }
    }
}
