import Platform
import Yams

/// The text of a configuration file: YAML without the parts that need more than reading.
enum ConfigurationText {
    /// The largest configuration file; the example with all its remarks has 4 KB.
    private static let sizeLimit = 65_536

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The one document of a file; nil if it holds nothing but remarks.
    static func root(of path: String) throws(ConfigurationFault) -> Node? {
        try root(of: try read(path)) { line in line.map { .line(path, $0) } ?? .file(path) }
    }

    /// The one document of a text that stands at one place, whatever its lines.
    static func root(
        ofText text: String,
        at place: ConfigurationFault.Place
    ) throws(ConfigurationFault) -> Node? {
        try root(of: text) { _ in place }
    }

    private static func root(
        of text: String,
        _ place: (Int?) -> ConfigurationFault.Place
    ) throws(ConfigurationFault) -> Node? {
        do {
            try refuseAnchors(in: text, place)
            return try parser(of: text).singleRoot()
        } catch let fault as ConfigurationFault {
            throw fault
        } catch let error as YamlError {
            throw fault(error, place)
        } catch {
            throw ConfigurationFault(
                place: place(nil),
                problem: "it is no YAML",
                remedy: anotherFile
            )
        }
    }

    /// What reads a text.
    ///
    /// It has no rules by which plain text would be a number or a date: those are regular expressions,
    /// which the process would keep to its end, and a value is read as its key wants it.
    static func parser(of text: String) throws -> Parser {
        try Parser(yaml: text, resolver: .basic)
    }

    private static let anotherFile = "give a YAML file"

    private static func read(_ path: String) throws(ConfigurationFault) -> String {
        var bytes: ArraySlice<UInt8>
        do {
            bytes = try SmallFile.readRegular(path, limit: sizeLimit)[...]
        } catch {
            throw ConfigurationFault(
                place: .file(path),
                problem: "can't be read (\(error.reason))",
                remedy: "give the configuration file with --config"
            )
        }
        // Some editors begin a file with it, and the parser stumbles over it.
        if bytes.starts(with: byteOrderMark) { bytes = bytes.dropFirst(byteOrderMark.count) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationFault(
                place: .file(path),
                problem: "it is not UTF-8 text",
                remedy: anotherFile
            )
        }
        return text
    }

    /// Refuses anchors, and with them aliases: few lines of those make a document without end.
    ///
    /// The parser puts aliases in while it reads, so they must not be there when anchors are looked
    /// for: in a copy in which each `*` is an `x` none is, and every line and column is as it was.
    private static func refuseAnchors(
        in text: String,
        _ place: (Int?) -> ConfigurationFault.Place
    ) throws {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return }
        let plain = text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "x") : $0 }
        let parser = try parser(of: String(decoding: plain, as: UTF8.self))
        let root = try parser.singleRoot()
        // Nodes know their anchors only as long as the parser lives.
        let line = withExtendedLifetime(parser) { root.flatMap(firstAnchor) }
        guard let line else { return }
        throw ConfigurationFault(
            place: place(line),
            problem: "has an anchor (&), and neither anchors nor aliases (*) are taken",
            remedy: "write the value where it is meant, or put text that begins with & in quotes"
        )
    }

    private static func firstAnchor(in node: Node) -> Int? {
        if node.anchor != nil { return node.mark?.line ?? 1 }
        if let mapping = node.mapping {
            for (key, value) in mapping {
                if let line = firstAnchor(in: key) ?? firstAnchor(in: value) { return line }
            }
        }
        for element in node.sequence ?? [] {
            if let line = firstAnchor(in: element) { return line }
        }
        return nil
    }

    private static func fault(
        _ error: YamlError,
        _ place: (Int?) -> ConfigurationFault.Place
    ) -> ConfigurationFault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let (cause, remedy) = YAMLTrouble.cause(of: problem)
            return ConfigurationFault(
                place: place(mark.line),
                problem: "no YAML from column \(mark.column) on: \(cause)",
                remedy: remedy
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            return ConfigurationFault(
                place: place(context.mark.line),
                key: duplicates.map(\.shortened).joined(separator: ", ").shortened,
                problem: "given more than once in one section",
                remedy: "keep one of them"
            )
        case .reader:
            return ConfigurationFault(
                place: place(nil),
                problem: "it has control characters",
                remedy: "give a YAML file, saved as text"
            )
        default:
            return ConfigurationFault(
                place: place(nil),
                problem: "it is no YAML",
                remedy: anotherFile
            )
        }
    }
}

/// What the parser's remarks mean to who wrote the file.
private enum YAMLTrouble {
    /// The cause of a remark and what would do.
    static func cause(of remark: String) -> (cause: String, remedy: String) {
        for (beginning, cause, remedy) in causes where remark.hasPrefix(beginning) {
            return (cause, remedy)
        }
        return ("it isn't understood", "mend the line or put its text in quotes")
    }

    private static let causes: [(String, String, String)] = [
        (
            "found character that cannot start any token",
            "a tab, or a sign that can't begin a value",
            "indent with blanks, and put text that begins with @ % or ` in quotes"
        ),
        (
            "found a tab character",
            "a tab",
            "indent with blanks"
        ),
        (
            "mapping values are not allowed",
            "a second ': ' in one line, or a line indented too far",
            "put text with ': ' in quotes, and indent the keys of a section alike"
        ),
        (
            "could not find expected ':'",
            "a key without its ':'",
            "write KEY: VALUE"
        ),
        (
            "did not find expected key",
            "a line that isn't indented like those above it",
            "indent the keys of a section alike"
        ),
        (
            "did not find expected ','",
            "a '{' or '[' that isn't closed, or lacks a ','",
            "close it, or put text that begins with it in quotes"
        ),
        (
            "did not find expected node content",
            "a '{' or '[' that isn't closed, or lacks a value",
            "close it, or put text that begins with it in quotes"
        ),
        (
            "found unexpected end of stream",
            "a quote that isn't closed",
            "close it"
        ),
        (
            "found undefined alias",
            "an alias (*), which isn't taken",
            "write the value where it is meant, or put text that begins with * in quotes"
        ),
        (
            "but found another document",
            "a second document",
            "keep what stands before the line ---"
        ),
        (
            "did not find expected alphabetic or numeric character",
            "a '*' or '&' that begins no text",
            "put text that begins with it in quotes"
        ),
    ]
}

extension String {
    /// The text, cut where it is too long for a message.
    var shortened: String {
        let limit = 80
        return count <= limit ? self : prefix(limit) + "…"
    }
}
