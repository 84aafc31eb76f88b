import Foundation
import Testing

/// One Swift file of the repository.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// From the repository's top: `Sources/HTTPAPI/Endpoint.swift`.
    let path: String
    let lines: [String]
    /// Lines that hold code; those that end in `// tidy: <reason>` are exempt.
    let code: [Line]

    var testDescription: String { path }
    /// The folder below `Sources`, `Tests` or `Tests/Support`.
    var target: String {
        let folders = path.split(separator: "/")
        return String(folders[folders[1] == "Support" ? 2 : 1])
    }

    struct Line: Sendable {
        let number: Int
        let text: String
        /// The text without what stands in quotes: a ban is about code, not about messages.
        let code: String
    }

    /// The modules that are imported, with their lines.
    var imports: [(number: Int, module: String)] {
        code.filter { $0.text.contains("import ") }.compactMap { line in
            let match = line.text.firstMatch(
                of: #/^(?:@\w+ )?(?:package |public |internal )?import (?:\w+ )?(\w+)/#
            )
            return match.map { (line.number, String($0.1)) }
        }
    }

    /// What is left of a file's lines without comments, multi-line texts and exempt lines.
    private static func code(of lines: [String]) -> [Line] {
        var isInText = false
        return lines.enumerated().compactMap { index, line in
            let bare = line.trimmingCharacters(in: .whitespaces)
            let wasInText = isInText
            if bare.contains("\"\"\""), bare.ranges(of: "\"\"\"").count % 2 == 1 {
                isInText.toggle()
            }
            if wasInText || bare.isEmpty || bare.hasPrefix("//") { return nil }
            if bare.contains("// tidy:"), bare.contains(#/\/\/ tidy: \S/#) { return nil }
            return Line(number: index + 1, text: bare, code: withoutTexts(bare))
        }
    }

    private static func withoutTexts(_ line: String) -> String {
        guard line.contains("\"") else { return line }
        return line.replacing(#/"(?:\\.|[^"\\])*"/#, with: "\"\"")
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func all(under folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path).sorted()
        return try paths.filter { $0.hasSuffix(".swift") }.map { path in
            let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
            return SourceFile(path: folder + "/" + path, text: text)
        }
    }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = Self.code(of: lines)
    }
}
