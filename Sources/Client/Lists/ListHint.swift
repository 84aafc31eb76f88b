/// A guess that a list is meant otherwise than its format says.
package enum ListHint {
    /// A sentence about a list's first line; nil if nothing looks wrong.
    package static func about(_ head: [UInt8], format: RecipientFile.Format) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = head.starts(with: mark) ? head.dropFirst(mark.count) : head[...]
        var line = text.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let first = String(decoding: line, as: UTF8.self)
        switch format {
        case .ndjson: return nil
        case .csv: return aboutHeader(first)
        case .text: return aboutHeader(first) ?? aboutTable(first)
        }
    }

    private static func aboutHeader(_ line: String) -> String? {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(bare)
        if fields.contains("account"), fields.count > 1 { return nil }
        guard fields.contains(where: { titles.contains(plain($0)) }) else { return nil }
        return """
            the first line looks like a header and is taken for an account: \(line)
              In CSV a first line is a header where one of its fields is exactly account
            """
    }

    private static func aboutTable(_ line: String) -> String? {
        guard let separator = [",", ";", "\t"].first(where: line.contains) else { return nil }
        let name = separator == "\t" ? "a tab" : "'\(separator)'"
        return """
            the first line holds \(name), and each line as a whole is taken for an account
              A table is read with --format csv, or by the ending .csv
            """
    }

    private static func bare(_ field: Substring) -> String {
        let text = field.drop { $0 == " " }
        guard text.count > 1, text.first == "\"", text.last == "\"" else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    private static func plain(_ field: String) -> String {
        String(field.lowercased().filter { $0.isLetter })
    }

    /// Usual titles of a column of accounts, in lower case and without separators.
    private static let titles: Set<String> = [
        "account", "accounts", "accountid", "identifier", "openid", "recipient", "recipients",
        "toaccount", "uid", "user", "userid", "userids", "username", "users", "用户", "用户名", "账号",
    ]
}
