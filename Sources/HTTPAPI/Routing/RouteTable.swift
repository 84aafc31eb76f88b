import Codecs
import HTTPTypes

/// All routes of an endpoint.
///
/// The table is data, so that `Allow`, the query's checks and the OpenAPI document's test all
/// come from the same rows. Hummingbird's own router would decode a path before it is cut, and
/// knows no 405.
struct RouteTable: Sendable {
    let routes: [Route]
    /// The parts of each route's path.
    private let patterns: [[String]]

    init(_ groups: [any RouteGroup]) {
        routes = groups.flatMap(\.routes)
        patterns = routes.map { Self.parts(of: $0.path) }
    }

    /// The routes of a path, with what its placeholders stand for; nil if there are none.
    ///
    /// Segments are cut before they are decoded, so an account may hold an encoded slash.
    func match(_ path: String) -> Match? {
        let segments = Self.parts(of: path)
        var found: [Route] = []
        var values: [String: [UInt8]] = [:]
        for (route, pattern) in zip(routes, patterns) {
            guard let parameters = Self.parameters(in: segments, by: pattern) else { continue }
            found.append(route)
            values = parameters
        }
        if found.isEmpty {
            found = routes.filter { route in route.prefix.map(path.hasPrefix) ?? false }
        }
        guard !found.isEmpty else { return nil }
        // A path that is spelt out goes before one with placeholders.
        let exact = found.filter { $0.path == path }
        return Match(routes: exact.isEmpty ? found : exact, parameters: values)
    }

    private static func parts(of path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    }

    private static func parameters(
        in segments: [String],
        by pattern: [String]
    ) -> [String: [UInt8]]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String: [UInt8]] = [:]
        for (part, segment) in zip(pattern, segments) {
            if part.hasPrefix("{") {
                guard !segment.isEmpty, let value = PercentEncoding.decode(segment) else {
                    return nil
                }
                parameters[String(part.dropFirst().dropLast())] = value
            } else if part != segment {
                return nil
            }
        }
        return parameters
    }

    /// The rows of one path.
    struct Match: Sendable {
        let routes: [Route]
        /// The placeholders' bytes, percent-decoded: `id`, `account`.
        let parameters: [String: [UInt8]]

        /// The row for a method; `HEAD` is answered wherever `GET` is.
        func route(for method: HTTPRequest.Method) -> Route? {
            let wanted = method == .head ? .get : method
            return routes.first { $0.method == wanted || $0.prefix != nil }
        }

        /// What `Allow` says.
        var allow: String {
            var methods = routes.map(\.method.rawValue)
            if methods.contains("GET") { methods.append("HEAD") }
            return methods.sorted().joined(separator: ", ")
        }
    }
}
