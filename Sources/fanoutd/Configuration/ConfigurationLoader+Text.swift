extension ConfigurationLoader.Loaded {
    /// The effective configuration as a YAML file that says where each value came from.
    ///
    /// Keys hold no secrets, only the names of files that do, so nothing has to be left out.
    package var text: String {
        var text = ""
        var above: ArraySlice<Substring> = []
        for key in ConfigurationKey.all {
            let sections = key.parts.dropLast()
            let shared = zip(above, sections).prefix { $0 == $1 }.count
            for (depth, name) in sections.enumerated().dropFirst(shared) {
                text += Self.indentation(depth) + "\(name):\n"
            }
            text += line(of: key)
            above = sections
        }
        return text + webhooks
    }

    private static func indentation(_ depth: Int) -> String {
        String(repeating: "  ", count: depth)
    }

    private var webhooks: String {
        guard !configuration.webhooks.isEmpty else { return "# webhooks: not set\n" }
        let origin =
            switch origins[WebhookReader.name] {
            case .line(let line)?: " # line \(line)"
            case .environment(let name)?: " # \(name)"
            case nil: ""
            }
        return "\(WebhookReader.name):\(origin)\n" + configuration.webhooks.map(\.text).joined()
    }

    private func line(of key: ConfigurationKey) -> String {
        let value = key.show(configuration)
        let name = key.parts.last ?? ""
        let indentation = Self.indentation(key.parts.count - 1)
        let line = indentation + (value.map { "\(name): \($0)" } ?? "# \(name):")
        let padding = String(repeating: " ", count: max(1, 52 - line.count))
        return "\(line)\(padding)# \(remark(on: key, isSet: value != nil))\n"
    }

    private func remark(on key: ConfigurationKey, isSet: Bool) -> String {
        if !isSet, let fallback = key.fallback(configuration) { return "default: \(fallback)" }
        let origin =
            switch origins[key.name] {
            case .line(let line): "line \(line)"
            case .environment(let name): name
            case nil: isSet ? "default" : "not set"
            }
        guard isSet, let content = key.content(configuration) else { return origin }
        return "\(origin), \(content) (redacted)"
    }
}
