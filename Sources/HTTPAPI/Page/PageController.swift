import HTTPTypes
import HummingbirdCore
import NIOCore

/// The page and its files: open to everybody, for they hold no data.
struct PageController: RouteGroup {
    var routes: [Route] {
        PageFile.all.map { file in
            Route(.get, file.path, forms: [file.type], access: .open) { request in
                show(file, to: request.request.headers)
            }
        }
    }

    /// What keeps other sites' pages and scripts away from ours.
    ///
    /// Nothing may be loaded, called or sent to but what comes from here, no text becomes markup, and
    /// no other page shows this one in a frame.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    private func show(_ file: PageFile, to wishes: HTTPFields) -> Response {
        let isGzip = wishes.prefersGzip
        let (bytes, tag) = file.content(isGzip: isGzip)
        var headers: HTTPFields = [
            .contentSecurityPolicy: Self.policy,
            .xContentTypeOptions: "nosniff",
            .crossOriginResourcePolicy: "same-origin",
            .eTag: tag,
            // Kept, and asked for again each time: a new version shows at once.
            .cacheControl: "no-cache",
            .vary: "Accept-Encoding",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        guard !wishes.hasCurrent(tag) else {
            return Response(status: .notModified, headers: headers)
        }
        if isGzip { headers[.contentEncoding] = "gzip" }
        return Response(.ok, file.type, headers: headers, bytes: bytes)
    }
}
