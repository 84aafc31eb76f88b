/// One thing that is wrong with a configuration: where, which key, what, and what would do.
package struct ConfigurationFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let place: Place
    /// Empty where the fault is of the file as a whole.
    package let key: String
    package let problem: String
    package let remedy: String

    package init(place: Place, key: String = "", problem: String, remedy: String) {
        self.place = place
        self.key = key
        self.problem = problem
        self.remedy = remedy
    }

    package var description: String {
        "\(place): \(key.isEmpty ? "" : "\(key): ")\(problem); \(remedy)"
    }

    /// Where a value was written.
    package enum Place: Sendable, Hashable, CustomStringConvertible {
        case file(String)
        case line(String, Int)
        case environment(String)

        package var description: String {
            switch self {
            case .file(let path): path
            case .line(let path, let line): "\(path):\(line)"
            case .environment(let name): "environment variable \(name)"
            }
        }
    }
}

/// Every fault found in one configuration; there is at least one.
package struct ConfigurationFaults: Error, Sendable, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    /// One line for each fault.
    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
