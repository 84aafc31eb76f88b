package import Platform

/// A list of accounts: a file of lines, NDJSON or CSV, perhaps gzipped, or standard input.
///
/// All commands read lists with it: the file is opened and its start checked before the daemon
/// creates anything.
package struct RecipientFile: Sendable {
    /// `-` is standard input.
    package let path: String
    package let format: Format
    /// Whether the bytes are gzipped; they are sent so, and the daemon inflates them.
    package let isCompressed: Bool
    /// The start of the text.
    private let head: [UInt8]
    private let source: FileSource

    package enum Format: String, Sendable, Hashable, CaseIterable {
        case text
        case ndjson
        case csv

        package var contentType: String {
            switch self {
            case .text: "text/plain"
            case .ndjson: "application/x-ndjson"
            case .csv: "text/csv"
            }
        }
    }

    /// Takes a path of the command line; the format goes by the name's ending unless it is given.
    package init(path: String, format: Format?) throws(CommandFailure) {
        try FileName.check(path, of: "--to")
        self.path = path
        var name = path.lowercased()[...]
        isCompressed = path != "-" && name.hasSuffix(".gz")
        if isCompressed { name = name.dropLast(".gz".count) }
        self.format = format ?? Self.format(ofName: name)
        do throws(SmallFile.Fault) {
            source = try FileSource(path)
        } catch {
            throw CommandFailure(.badData, "the list can't be read: \(error)")
        }
        var text = ListText(name: Self.name(of: path), isCompressed: isCompressed)
        head = try text.head(of: source.head)
    }

    private static func format(ofName name: Substring) -> Format {
        if name.hasSuffix(".csv") { return .csv }
        return name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") ? .ndjson : .text
    }

    private static func name(of path: String) -> String {
        path == "-" ? "standard input" : path
    }

    /// In bytes; nil if it isn't known.
    package var size: Int? { source.size }

    /// Whether the list can be read again from its start; a pipe can't.
    package var isRepeatable: Bool { source.isRepeatable }

    /// A guess that the list is meant otherwise than its format says.
    package var hint: String? { ListHint.about(head, format: format) }

    /// Prints the hint, if there is one.
    package func tellHint() {
        if let hint { StandardError.writeLine("fanoutd: \(self): \(hint)") }
    }

    /// The headers that describe the list to the daemon.
    package var headers: [(String, String)] {
        [("Content-Type", format.contentType)]
            + (isCompressed ? [("Content-Encoding", "gzip")] : [])
    }

    /// The bytes in chunks, each read on demand and checked before it is passed on.
    package func chunks(counting counter: ByteCounter) -> FileChunks {
        FileChunks(
            source: source,
            name: description,
            isCompressed: isCompressed,
            counter: counter
        )
    }
}

extension RecipientFile: CustomStringConvertible {
    package var description: String { Self.name(of: path) }
}
