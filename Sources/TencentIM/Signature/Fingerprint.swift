import Codecs
import Digests
import Platform

extension ProviderSettings {
    /// A salted fingerprint of what a refusal of credentials or app may be about.
    ///
    /// It tells whether something has been changed since a halt, and reveals nothing of the key.
    package func fingerprint(salt: String) -> String {
        var hash = SHA256()
        let parts = [
            Array(salt.utf8), Array(String(credentials.sdkAppID).utf8),
            Array(credentials.administrator.utf8), credentials.key.bytes,
            Array(endpoint.description.utf8),
        ]
        for part in parts {
            // The length keeps the end of one part from passing for the beginning of the next.
            hash.update(Array("\(part.count):".utf8))
            hash.update(part)
        }
        return Hexadecimal.text(hash.digest())
    }
}
