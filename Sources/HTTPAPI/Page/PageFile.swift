import CPage
import Codecs
import Compression
import Digests

/// One file of the page, as it was written and compressed.
package struct PageFile: Sendable {
    /// Its name in the folder.
    package let name: String
    package let bytes: [UInt8]
    let gzip: [UInt8]
    let type: ContentType
    /// What the name of its state begins with: another content has another one.
    let digest: String

    /// All files, embedded in the executable and compressed when they are first asked for.
    package static let all: [PageFile] = (0..<fanoutd_page_count()).map { index in
        PageFile(
            name: unsafe String(cString: fanoutd_page_name(index)),
            bytes: Array(unsafe String(cString: fanoutd_page_text(index)).utf8)
        )
    }

    private init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        gzip = Gzip.compressed(bytes)
        type =
            switch name.split(separator: ".").last {
            case "html": .html
            case "css": .css
            case "js": .javaScript
            case "svg": .svg
            default: preconditionFailure("the page's file \(name) is of no type that is known here")
            }
        digest = Hexadecimal.text(SHA256.digest(of: bytes).prefix(16))
    }

    /// The page itself stands at the root, so that all it names is beside it under any prefix.
    package var path: String { name == "index.html" ? "/" : "/\(name)" }

    /// The file in one of its forms, with its `ETag`.
    func content(isGzip: Bool) -> (bytes: [UInt8], tag: String) {
        isGzip ? (gzip, "\"\(digest)-gzip\"") : (bytes, "\"\(digest)\"")
    }
}
