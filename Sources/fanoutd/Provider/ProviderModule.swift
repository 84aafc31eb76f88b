import DeliveryEngine
import Platform

/// A provider as the daemon is wired to it.
struct ProviderModule: Sendable {
    /// What messages and accounts may be; known before anything is opened.
    let rules: any MessageRules
    /// Makes the provider ready for calls.
    let open: @Sendable (Opening) throws(CommandFailure) -> OpenProvider
    /// What a doctor needs to know of it.
    let examination: ProviderExamination

    /// What a provider is given.
    struct Opening: Sendable {
        let configuration: Configuration
        let log: QuietLog
        let seed: UInt64
        let clock: SystemClock
        /// Asked before the first byte of each call that changes something: whether it may go out.
        var allowsCall: @Sendable () -> Bool = { true }
    }
}

/// A provider that takes calls until it is shut down.
struct OpenProvider: Sendable {
    let provider: any Provider
    let gateway: any Gateway
    /// Lets a new configuration hold for the calls that come.
    let update: @Sendable (Configuration) -> Void
    let shutdown: @Sendable () async throws -> Void
}

// MARK: The choice

extension ProviderModule {
    /// The provider that this daemon sends through.
    static let installed = tencentIM
}

extension Configuration {
    /// That provider's section.
    package typealias ProviderSection = TencentSection
}
