import CSHA256

/// SHA-256 (FIPS 180-4) of bytes that come at once or in parts.
package struct SHA256: Sendable {
    /// The bytes of a digest.
    package static let size = 32

    private var hash = fanoutd_sha256()

    package init() {
        unsafe fanoutd_sha256_init(&hash)
    }

    /// The hash that has taken in a block of a key, for HMAC.
    init(_ hash: fanoutd_sha256) {
        self.hash = hash
    }

    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.digest()
    }

    package mutating func update(_ bytes: [UInt8]) {
        unsafe fanoutd_sha256_update(&hash, bytes, bytes.count)
    }

    /// The digest of what there was so far; more may follow.
    package func digest() -> [UInt8] {
        var last = hash
        return unsafe [UInt8](unsafeUninitializedCapacity: Self.size) { digest, count in
            // An array that has a capacity has an address.
            guard let start = digest.baseAddress else { return }
            unsafe fanoutd_sha256_finish(&last, start)
            count = Self.size
        }
    }
}
