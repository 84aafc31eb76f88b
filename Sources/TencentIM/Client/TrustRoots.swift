import NIOSSL

/// Roots of trust beside the system's, for the client's TLS.
package enum TrustRoots {
    /// Whether a PEM file of these bytes is one that the client can take.
    package static func areThere(inPEM bytes: [UInt8]) -> Bool {
        do {
            return try !NIOSSLCertificate.fromPEMBytes(bytes).isEmpty
        } catch {
            return false
        }
    }
}
