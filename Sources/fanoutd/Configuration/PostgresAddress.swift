import Codecs
import Platform

/// Text by which libpq finds a server, looked into for what must not stand there.
enum PostgresAddress {
    static let wants =
        "libpq's URL or string without a password, such as postgresql://fanoutd@db1,db2/fanoutd"

    /// What is wrong with the text; the finding never repeats it.
    static func fault(in text: String) -> Finding? {
        guard let parameters = parameters(of: text) else {
            return Finding(
                problem: "the text is no address of a PostgreSQL",
                remedy: "give \(wants)"
            )
        }
        let secrets = ["password", "sslpassword"]
        guard let secret = parameters.first(where: { secrets.contains($0.name) }) else {
            return nil
        }
        return secret.name == "password"
            ? Finding(
                problem: "it holds a password, which a configuration must not",
                remedy: "write the password into a file that only this user can read, and name that"
                    + " with \(ConfigurationKey.passwordFileName)"
            )
            : Finding(
                problem: "it holds \(secret.name), which a configuration must not",
                remedy: "give a key of TLS that needs no password, readable by this user alone"
            )
    }

    /// The parameters that the text gives, in both of its forms; nil if it has neither.
    private static func parameters(of text: String) -> [Parameter]? {
        if text.contains("\0") { return nil }
        for scheme in ["postgresql://", "postgres://"] where text.hasPrefix(scheme) {
            return parameters(ofURL: text.dropFirst(scheme.count))
        }
        return parameters(ofString: text)
    }

    private struct Parameter {
        let name: String
        let value: String
    }

    // MARK: The URL

    /// The parts behind the scheme: `user:password@host:port,…/database?name=value&…`.
    private static func parameters(ofURL rest: Substring) -> [Parameter]? {
        let (path, query) = split(rest, at: "?")
        let (authority, database) = split(path, at: "/")
        var parameters: [Parameter] = []
        if let at = authority.firstIndex(of: "@") {
            let (user, password) = split(authority[..<at], at: ":")
            parameters.append(Parameter(name: "user", value: String(user)))
            if let password, !password.isEmpty {
                parameters.append(Parameter(name: "password", value: ""))
            }
        }
        if let database { parameters.append(Parameter(name: "dbname", value: String(database))) }
        for pair in (query ?? "").split(separator: "&") {
            let (name, value) = split(pair, at: "=")
            guard let value, let name = decoded(name) else { return nil }
            parameters.append(Parameter(name: name, value: String(value)))
        }
        return parameters
    }

    private static func decoded(_ text: Substring) -> String? {
        PercentEncoding.decode(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func split(
        _ text: Substring,
        at mark: Character
    ) -> (before: Substring, behind: Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    // MARK: The string

    /// Pairs such as `host=db1,db2 user=fanoutd`; a value may stand in single quotes.
    private static func parameters(ofString text: String) -> [Parameter]? {
        var rest = text[...]
        var parameters: [Parameter] = []
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if rest.isEmpty { break }
            let name = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
            guard !name.isEmpty, rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            guard let value = takeValue(from: &rest) else { return nil }
            parameters.append(Parameter(name: String(name), value: value))
        }
        return parameters.isEmpty ? nil : parameters
    }

    /// A value, in which `\\` escapes a character; nil if its quote isn't closed.
    private static func takeValue(from rest: inout Substring) -> String? {
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        var value = ""
        while let character = rest.first {
            rest.removeFirst()
            if isQuoted ? character == "'" : character.isWhitespace { return value }
            guard character == "\\" else {
                value.append(character)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            value.append(escaped)
        }
        return isQuoted ? nil : value
    }
}
