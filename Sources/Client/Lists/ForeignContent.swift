/// Bytes that can't be a text in UTF-8, told by how they begin or by a zero byte among them.
///
/// A compressed file, a spreadsheet or UTF-16 under another name holds lines like any other bytes,
/// and some of those would pass for accounts.
package struct ForeignContent: Sendable, Hashable, CustomStringConvertible {
    /// What it is, such as `a zip archive`.
    package let kind: String
    /// How to make a text of it.
    package let remedy: String

    package var description: String { "it is \(kind), not text in UTF-8; \(remedy)" }

    /// As many bytes as tell any of the kinds.
    package static let headSize = 512

    /// What the start of a file says; nil where it may be text.
    package init?(head: some Collection<UInt8>) {
        let head = Array(head.prefix(Self.headSize))
        if let known = Self.known.first(where: { head.starts(with: $0.start) }) {
            self.init(kind: known.kind, remedy: known.remedy)
        } else if head.dropFirst(257).starts(with: Array("ustar".utf8)) {
            self.init(kind: "a tar archive", remedy: "give a file out of it")
        } else {
            self.init(zeroesIn: head)
        }
    }

    /// What a zero byte further behind says.
    package static let binary = ForeignContent(kind: "binary data", remedy: textRemedy)

    private init(kind: String, remedy: String) {
        self.kind = kind
        self.remedy = remedy
    }

    /// Text in UTF-16 without a mark has zeroes beside its plain letters, always on the same side.
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

    private struct Known: Sendable {
        let start: [UInt8]
        let kind: String
        let remedy: String

        init(_ start: [UInt8], _ kind: String, _ remedy: String) {
            self.start = start
            self.kind = kind
            self.remedy = remedy
        }
    }

    /// How files begin; of two that begin alike the longer comes first.
    private static let known: [Known] =
        // The digit is the level, and behind it stand the digits of pi.
        (1...9).map { level in
            Known(
                Array("BZh\(level)".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
                "bzip2 data",
                "pipe it through bzcat"
            )
        } + [
            Known(
                [0x1F, 0x8B],
                "gzip data",
                "give its name the ending .gz, or pipe it through zcat"
            ),
            Known(
                Array("PK".utf8) + [3, 4],
                "a zip archive or an office document",
                "unpack it first; a spreadsheet: \(exportRemedy)"
            ),
            Known(Array("PK".utf8) + [5, 6], "an empty zip archive", "give a text file"),
            Known([0xFD] + Array("7zXZ".utf8) + [0], "xz data", "pipe it through xzcat"),
            Known([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "pipe it through zstdcat"),
            Known([0x04, 0x22, 0x4D, 0x18], "lz4 data", "pipe it through lz4cat"),
            Known([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", unpackRemedy),
            Known(Array("Rar!".utf8) + [0x1A, 0x07], "a rar archive", unpackRemedy),
            Known([0xFF, 0xFE, 0, 0], "text in UTF-32", wideRemedy(32)),
            Known([0, 0, 0xFE, 0xFF], "text in UTF-32", wideRemedy(32)),
            Known([0xFF, 0xFE], "text in UTF-16", wideRemedy(16)),
            Known([0xFE, 0xFF], "text in UTF-16", wideRemedy(16)),
            Known(Array("%PDF-".utf8), "a PDF document", "give a text file"),
            Known(Array(#"{\rtf"#.utf8), "a rich text document", "save it as plain text in UTF-8"),
            Known(
                [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
                "an old office document",
                exportRemedy
            ),
            Known(
                Array("SQLite format 3".utf8) + [0],
                "an SQLite database",
                "query the list out of it: sqlite3 FILE 'SELECT …'"
            ),
        ]
}
