/// Everything measured under one name: what it is, and a value for each set of labels.
package struct MetricFamily: Sendable, Hashable {
    package let name: String
    package let kind: Kind
    /// What it says, for whoever meets the name in a query.
    package let help: String
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    package enum Kind: String, Sendable, Hashable {
        /// Only grows, and begins anew with the process.
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Sendable, Hashable {
        /// Follows the family's name: `_bucket`, `_sum` and `_count` of a histogram.
        package let suffix: String
        package let labels: [Label]
        package let value: Double

        package init(_ value: Double, _ labels: [Label] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package struct Label: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension MetricFamily {
    /// The families as Prometheus' text format 0.0.4 has them, in UTF-8.
    package static func text(of families: [MetricFamily]) -> [UInt8] {
        var text = ""
        for family in families { family.write(to: &text) }
        return Array(text.utf8)
    }

    /// What `Content-Type` says of that text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func write(to text: inout String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            text += name + sample.suffix
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { label in
                    "\(label.name)=\"\(Self.escaped(label.value, quotes: true))\""
                }
                text += "{\(labels.joined(separator: ","))}"
            }
            text += " \(Self.text(of: sample.value))\n"
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A number as Go reads it; whole ones without a fraction.
    package static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
