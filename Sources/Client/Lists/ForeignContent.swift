/// Bytes that can't be UTF-8 text, recognised by their first bytes or a zero byte.
///
/// A compressed file, a spreadsheet or UTF-16 under another name has lines as well, and some of
/// them would pass for accounts.
package struct ForeignContent: Sendable, Hashable, CustomStringConvertible {
    /// The kind of content, such as `a zip archive`.
    package let kind: String
    /// How to convert it to text.
    package let remedy: String

    package var description: String { "it is \(kind), not text in UTF-8; \(remedy)" }

    /// Enough bytes to recognise every kind.
    package static let headSize = 512

    /// The kind that the start of a file shows; nil if it may be text.
    package init?(head: some Collection<UInt8>) {
        let head = Array(head.prefix(Self.headSize))
        if let known = Self.known.first(where: { head.starts(with: $0.start) }) {
            self.init(kind: known.kind, remedy: known.remedy)
        } else if head.starts(with: Array("BZh".utf8)),
            head.dropFirst(4).starts(with: Array("1AY&SY".utf8))
        {
            // The level stands between, and the digits of pi behind it.
            self.init(kind: "bzip2 data", remedy: "pipe it through bzcat")
        } else if head.dropFirst(257).starts(with: Array("ustar".utf8)) {
            self.init(kind: "a tar archive", remedy: "give a file out of it")
        } else {
            self.init(zeroesIn: head)
        }
    }

    /// The kind of a file with a zero byte further on.
    package static let binary = ForeignContent(kind: "binary data", remedy: textRemedy)

    private init(kind: String, remedy: String) {
        self.kind = kind
        self.remedy = remedy
    }

    /// UTF-16 without a byte order mark has zeroes beside its ASCII letters, always on the same
    /// side.
    private init?(zeroesIn head: [UInt8]) {
        let places = head.indices.filter { head[$0] == 0 }
        guard let first = places.first else { return nil }
        let isWide = places.allSatisfy { $0 % 2 == first % 2 } && places.count * 8 >= head.count
        guard isWide else {
            self = .binary
            return
        }
        self.init(kind: "text in UTF-16", remedy: Self.wideRemedy(16))
    }

    private static let textRemedy = "give a text file"
    private static let unpackRemedy = "unpack it first"
    private static let exportRemedy = "export it as CSV in UTF-8"

    private static func wideRemedy(_ width: Int) -> String {
        "save it as UTF-8, or pipe it through: iconv -f UTF-\(width) -t UTF-8"
    }

    /// How files begin; of two that begin alike the longer comes first.
    private static let known: [(start: [UInt8], kind: String, remedy: String)] = [
        ([0x1F, 0x8B], "gzip data", "give its name the ending .gz, or pipe it through zcat"),
        (
            Array("PK\u{3}\u{4}".utf8),
            "a zip archive or an office document",
            "unpack it first; a spreadsheet: \(exportRemedy)"
        ),
        (Array("PK\u{5}\u{6}".utf8), "an empty zip archive", textRemedy),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz data", "pipe it through xzcat"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "pipe it through zstdcat"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4 data", "pipe it through lz4cat"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", unpackRemedy),
        (Array("Rar!\u{1A}\u{7}".utf8), "a rar archive", unpackRemedy),
        ([0xFF, 0xFE, 0, 0], "text in UTF-32", wideRemedy(32)),
        ([0, 0, 0xFE, 0xFF], "text in UTF-32", wideRemedy(32)),
        ([0xFF, 0xFE], "text in UTF-16", wideRemedy(16)),
        ([0xFE, 0xFF], "text in UTF-16", wideRemedy(16)),
        (Array("%PDF-".utf8), "a PDF document", textRemedy),
        (Array(#"{\rtf"#.utf8), "a rich text document", "save it as plain text in UTF-8"),
        (
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
            "an old office document",
            exportRemedy
        ),
        (
            Array("SQLite format 3\0".utf8),
            "an SQLite database",
            "query the list out of it: sqlite3 FILE 'SELECT …'"
        ),
    ]
}
