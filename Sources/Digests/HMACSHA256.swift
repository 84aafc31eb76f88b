import CSHA256

/// HMAC with SHA-256 (RFC 2104): proves that a message comes from one who has the key.
///
/// It keeps two hashes that have taken in the key, and not the key itself.
package struct HMACSHA256: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    package init(key: [UInt8]) {
        var inner = fanoutd_sha256()
        var outer = fanoutd_sha256()
        unsafe fanoutd_hmac_sha256_init(&inner, &outer, key, key.count)
        self.inner = SHA256(inner)
        self.outer = SHA256(outer)
    }

    package func code(for message: [UInt8]) -> [UInt8] {
        var inner = inner
        inner.update(message)
        var outer = outer
        outer.update(inner.digest())
        return outer.digest()
    }

    /// Whether a code of any length is the message's.
    ///
    /// How long that takes says nothing of where a wrong one differs, which would let it be found
    /// byte by byte.
    package func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        let own = self.code(for: message)
        guard code.count == own.count else { return false }
        return zip(code, own).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
