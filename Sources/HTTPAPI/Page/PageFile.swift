import CPage
import Codecs
import Compression
import Digests

/// One file of the page, as it was written and compressed.
package struct PageFile: Sendable {
    /// Its name in the folder.
    package let name: String
    let type: ContentType
    private let index: Int

    /// All files, embedded in the executable.
    package static let all = (0..<fanoutd_page_count()).map(PageFile.init)

    /// What the files hold, read and compressed when one of them is first asked for: a daemon whose
    /// page nobody opens has no memory for it.
    private static let contents = all.map { file in
        Content(Array(unsafe String(cString: fanoutd_page_text(file.index)).utf8))
    }

    private init(index: Int) {
        self.index = index
        name = unsafe String(cString: fanoutd_page_name(index))
        type =
            switch name.split(separator: ".").last {
            case "html": .html
            case "css": .css
            case "js": .javaScript
            case "svg": .svg
            default: preconditionFailure("the page's file \(name) is of no type that is known here")
            }
    }

    private struct Content: Sendable {
        let bytes: [UInt8]
        let gzip: [UInt8]
        /// What the name of its state begins with: another content has another one.
        let digest: String

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            gzip = Gzip.compressed(bytes)
            digest = Hexadecimal.text(SHA256.digest(of: bytes).prefix(16))
        }
    }

    /// The page itself stands at the root, so that all it names is beside it under any prefix.
    package var path: String { name == "index.html" ? "/" : "/\(name)" }

    package var bytes: [UInt8] { Self.contents[index].bytes }

    /// The file in one of its forms, with its `ETag`.
    func content(isGzip: Bool) -> (bytes: [UInt8], tag: String) {
        let content = Self.contents[index]
        let tag = isGzip ? "\"\(content.digest)-gzip\"" : "\"\(content.digest)\""
        return (isGzip ? content.gzip : content.bytes, tag)
    }
}
