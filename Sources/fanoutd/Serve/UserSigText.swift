/// The one place where the commands meet the adapter's signatures.
package enum UserSigText {
    /// A UserSig as text.
    package static func make(
        sdkAppId: Int,
        key: Secret,
        identifier: String,
        issuedAt: Int64,
        lifetime: Int
    ) -> String {
        ""
    }
}
