package import DeliveryCore
package import DeliveryEngine
package import Platform

/// A webhook as it is configured.
package struct Webhook: Sendable, Equatable {
    package let address: HookAddress
    package let kinds: Set<EventKind>
    /// The key of its signatures.
    package let secret: Secret

    package init(address: HookAddress, kinds: Set<EventKind>, secret: Secret) {
        self.address = address
        self.kinds = kinds
        self.secret = secret
    }

    package var key: HookKey { address.key }

    /// What it wants to be told.
    package var subscription: Subscription { Subscription(hook: key, kinds: kinds) }
}
