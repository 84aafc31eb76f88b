import DeliveryCore
import NIOSSL

/// A provider as `fanoutd doctor` examines it, beside the calls that it makes.
struct ProviderExamination: Sendable {
    /// The account in whose name calls are made.
    let caller: @Sendable (Configuration) -> Account
    /// What its calls' TLS trusts; throws where the trust roots can't be read.
    let trust: @Sendable (Configuration) throws -> NIOSSLContext
    /// What would do about credentials that were refused with a code.
    let remedy: @Sendable (_ code: Int) -> String
    /// A message of this text, as campaigns have it.
    let message: @Sendable (_ text: String) -> [UInt8]
    /// The numbers of the call that a message's key names; nil if it has another form.
    let numbers: @Sendable (_ messageKey: String) -> CallNumbers?
}
