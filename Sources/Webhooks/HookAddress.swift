import Codecs
package import DeliveryEngine
import Digests
package import Platform

/// The URL of a webhook, parsed and fit to be sent to.
package struct HookAddress: Sendable, Hashable {
    /// As it was written.
    package let text: String
    package let server: WebAddress
    /// Path and query.
    private let target: Substring

    /// Nil for text that is no `https://` or `http://` URL, has a name and password, or a fragment.
    package init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://"), text.utf8.count <= Self.lengthLimit else {
            return nil
        }
        let rest = text[scheme.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard let server = WebAddress(String(text[..<end])) else { return nil }
        target = rest[end...]
        guard !target.contains("#"), target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.server = server
        self.text = text
    }

    /// Far longer than any receiver's; a request's head is bounded too.
    private static let lengthLimit = 2_048

    /// Path and query as a request names them.
    var requestTarget: String { target.hasPrefix("/") ? String(target) : "/" + target }

    /// The URL without its query's content, and without words of its path that look like secrets.
    package var shown: String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Redaction.redact(String(parts.first ?? ""))
        return server.description + path + (parts.count > 1 ? "?(redacted)" : "")
    }

    /// Tells the hook from others in the store, where the URL itself must not be.
    package var key: HookKey {
        HookKey(digest: Hexadecimal.text(SHA256.digest(of: Array(text.utf8))))
    }
}
