import HTTPTypes

/// The media types of bodies, of requests and of responses.
package enum ContentType: String, Sendable {
    case json = "application/json"
    case mergePatch = "application/merge-patch+json"
    case text = "text/plain"
    case ndjson = "application/x-ndjson"
    case csv = "text/csv"
    case yaml = "application/yaml"
    case events = "text/event-stream"
    case form = "application/x-www-form-urlencoded"
    case html = "text/html"
    case css = "text/css"
    case javaScript = "text/javascript"
    case svg = "image/svg+xml"

    /// The value of the header field.
    package var header: String {
        switch self {
        case .csv: "text/csv; charset=utf-8; header=present"
        case .text, .html, .css, .javaScript: "\(rawValue); charset=utf-8"
        case .json, .mergePatch, .ndjson, .yaml, .events, .form, .svg: rawValue
        }
    }
}

extension HTTPFields {
    /// The media type of the body, one of those that the route takes.
    func contentType(oneOf types: [ContentType]) throws(Problem) -> ContentType {
        let parts = (self[.contentType] ?? "").split(separator: ";").map(trimmed)
        let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }?.dropFirst(8)
        let isUTF8 =
            charset.map { ["utf-8", "\"utf-8\"", "us-ascii"].contains(String($0)) } ?? true
        guard let type = parts.first.flatMap(ContentType.init), types.contains(type), isUTF8 else {
            let wanted = types.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                .unsupportedMediaType,
                "set Content-Type to \(wanted), in UTF-8; it is \(quoted(self[.contentType] ?? ""))",
                headers: [.accept: wanted]
            )
        }
        return type
    }

    /// Whether the body is gzip, where the route takes that.
    func isGzip(allowed: Bool) throws(Problem) -> Bool {
        switch trimmed((self[.contentEncoding] ?? "identity")[...]) {
        case "identity": return false
        case "gzip" where allowed, "x-gzip" where allowed: return true
        case let other:
            let wanted = allowed ? "gzip, identity" : "identity"
            throw Problem(
                .unsupportedEncoding,
                "Content-Encoding \(quoted(other)) isn't understood here, only \(wanted)",
                headers: [.acceptEncoding: wanted]
            )
        }
    }

    /// The first of these media types, in the client's order of liking.
    func accepted(of offers: [ContentType]) throws(Problem) -> ContentType {
        let ranges = (self[.accept] ?? "*/*").split(separator: ",").compactMap(AcceptRange.init)
        if ranges.isEmpty, let first = offers.first { return first }
        var best: (offer: ContentType, quality: Double)?
        for offer in offers {
            // The most specific range that matches decides (RFC 9110, section 12.5.1).
            let match = ranges.filter { $0.matches(offer) }.max { $0.precision < $1.precision }
            guard let quality = match?.quality, quality > 0 else { continue }
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        guard let best else {
            let offered = offers.map(\.rawValue).joined(separator: ", ")
            throw Problem(.notAcceptable, "this answer comes as \(offered) only")
        }
        return best.offer
    }
}

private struct AcceptRange {
    let type: String
    let subtype: String
    let quality: Double

    init?(_ text: Substring) {
        let parts = text.split(separator: ";").map(trimmed)
        let names = (parts.first ?? "").split(separator: "/")
        guard names.count == 2 else { return nil }
        type = String(names[0])
        subtype = String(names[1])
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
        quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
    }

    var precision: Int { type == "*" ? 0 : subtype == "*" ? 1 : 2 }

    func matches(_ offer: ContentType) -> Bool {
        let names = offer.rawValue.split(separator: "/")
        return type == "*" || (type == names[0] && (subtype == "*" || subtype == names[1]))
    }
}

/// A member of a header field's list without the blanks around it, in lower case.
func trimmed(_ text: Substring) -> String {
    let bare = text.drop { $0 == " " || $0 == "\t" }
    return String(bare.reversed().drop { $0 == " " || $0 == "\t" }.reversed()).lowercased()
}
