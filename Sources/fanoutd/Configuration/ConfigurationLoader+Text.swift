import Platform

extension ConfigurationLoader.Loaded {
    /// The effective configuration as a YAML file that says where each value came from.
    ///
    /// Keys hold no secrets, only the names of files that do, so nothing has to be left out.
    package var text: String {
        var text = ""
        var section = ""
        for key in ConfigurationKey.all {
            if key.section != section {
                section = key.section
                text += "\(section):\n"
            }
            let value = key.show(configuration)
            let line = value.map { "  \(key.leaf): \($0)" } ?? "  # \(key.leaf):"
            let padding = String(repeating: " ", count: max(1, 52 - line.count))
            text += "\(line)\(padding)# \(remark(on: key, isSet: value != nil))\n"
        }
        return text
    }

    private func remark(on key: ConfigurationKey, isSet: Bool) -> String {
        let origin =
            switch origins[key.name] {
            case .line(let line): "line \(line)"
            case .environment(let name): name
            case nil: isSet ? "default" : "not set"
            }
        return switch key.name {
        case "http.tokenFile" where !isSet: "default: \(configuration.tokenFile)"
        case "limits.burst" where !isSet: "default: \(configuration.limits.effectiveBurst)"
        case "http.tokensFile" where isSet:
            "\(origin), \(configuration.http.tokens.count) tokens (redacted)"
        default:
            configuration.provider.secret(of: key.name).map {
                "\(origin), key of \($0.bytes.count) bytes (redacted)"
            } ?? origin
        }
    }
}
