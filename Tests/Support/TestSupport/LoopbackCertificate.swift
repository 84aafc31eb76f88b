import Foundation

/// A certificate for 127.0.0.1 that only the tests trust, valid for a hundred years.
///
/// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
/// -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
package enum LoopbackCertificate {
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBmjCCAUGgAwIBAgIURl0ysXHyrjGb4Pg9r/IkjsGSEVIwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA1MjMyNloYDzIxMjYxMDI4
        MDUyMzI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARaJAp+5p1zEURN6RroB4xACg1m9ABhPxLcd5KLh1HcV2oKZlal4KQ7
        Ff7WBHNlV8W7D8uimHKlf08RWDm+LEYUo28wbTAdBgNVHQ4EFgQUtpQdtqOF96T+
        qqq/JP3J7zi/VKUwHwYDVR0jBBgwFoAUtpQdtqOF96T+qqq/JP3J7zi/VKUwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDRwAwRAIgOyFaJto6YtR8Q92SHBSOwWX0QjnTnrwvLiPjaTz+wD0CIFUf
        JGEWiieUSOXBmOOicwhYjiFKXxh4jqMARj4K6dY6
        -----END CERTIFICATE-----
        """

    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSHL3oxFqY96vKSUM
        FZXxqK8SXR9vg6mvr6fEVyX6F72hRANCAARaJAp+5p1zEURN6RroB4xACg1m9ABh
        PxLcd5KLh1HcV2oKZlal4KQ7Ff7WBHNlV8W7D8uimHKlf08RWDm+LEYU
        -----END PRIVATE KEY-----
        """

    /// Writes the certificate into a file for as long as the body runs.
    package static func withFile<Result>(
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("fanoutd-\(UUID().uuidString).pem").path
        try certificate.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unsafe unlink(path) }
        return try await body(path)
    }
}
