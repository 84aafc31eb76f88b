package import NIOSSL

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

    /// The settings of the client's TLS; a file that can't be read as PEM throws.
    package static func settings(caFile: String?) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let caFile {
            // Read now: a file that is only named would fail with the first call.
            tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(caFile))]
        }
        return tls
    }
}
