/// Files that hold secrets; no message about them holds one.
package enum SecretFile {
    /// What is wrong with such a file, and what would do.
    package struct Fault: Error, Sendable, Hashable {
        package let problem: String
        package let remedy: String
    }

    /// The largest file that is read as one.
    private static let sizeLimit = 65_536

    /// The secret key in a file, without its trailing newline.
    package static func key(at path: String) throws(Fault) -> Secret {
        let remedy = "put the app's secret key into that file, alone, readable by this user"
        var bytes = try read(path, remedy: remedy)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw Fault(problem: "\(path) is empty", remedy: remedy)
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Fault(
                problem: "\(path) holds blanks, line breaks or bytes that are not ASCII",
                remedy: remedy
            )
        }
        return Secret(bytes: bytes)
    }

    /// The tokens of a `http.tokensFile`: `NAME read|write TOKEN` on each line.
    ///
    /// Blank lines and lines that begin with `#` are skipped.
    package static func tokens(at path: String) throws(Fault) -> [NamedToken] {
        let form = "write NAME read|write TOKEN on each line"
        let bytes = try read(path, remedy: form)
        var tokens: [NamedToken] = []
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        for (index, line) in lines.enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if fields.isEmpty || fields[0].hasPrefix("#") { continue }
            guard fields.count == 3, fields[1] == "read" || fields[1] == "write" else {
                throw Fault(
                    problem: "\(path) line \(index + 1) is not of the form",
                    remedy: form
                )
            }
            guard !tokens.contains(where: { $0.name == fields[0] }) else {
                throw Fault(
                    problem: "\(path) line \(index + 1) names \(fields[0]) again",
                    remedy: "give each token a name of its own"
                )
            }
            guard fields[2].utf8.count >= 16 else {
                throw Fault(
                    problem: "\(path) line \(index + 1) has a token of under 16 bytes",
                    remedy: "make one with: openssl rand -hex 32"
                )
            }
            tokens.append(
                NamedToken(name: fields[0], canWrite: fields[1] == "write", token: .init(fields[2]))
            )
        }
        return tokens
    }

    private static func read(_ path: String, remedy: String) throws(Fault) -> [UInt8] {
        do {
            return try SmallFile.read(path, limit: sizeLimit)
        } catch {
            let name = Redaction.looksSecret(path) ? "the file (a name like a secret)" : path
            throw Fault(problem: "\(name) can't be read (\(error.reason))", remedy: remedy)
        }
    }
}

/// Guards against secrets that were written where they don't belong.
package enum Redaction {
    /// Whether the last part of a text is a long run of hexadecimal digits, as keys and tokens are.
    package static func looksSecret(_ text: String) -> Bool {
        let last = text.split(separator: "/").last ?? ""
        return last.count >= 32 && last.allSatisfy(\.isHexDigit)
    }
}
