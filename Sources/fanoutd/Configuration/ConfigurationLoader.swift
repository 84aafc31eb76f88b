import Platform
import Yams

/// Reads a configuration file and the environment, and finds every fault of both at once.
package struct ConfigurationLoader {
    private let path: String
    private let environment: [String: String]
    private var configuration = Configuration()
    private var origins: [String: Origin] = [:]
    private var faults: [ConfigurationFault] = []
    /// Whether the file's keys are known; otherwise nothing can be said to be missing from it.
    private var isParsed = false

    /// Where a key's value came from.
    package enum Origin: Sendable, Hashable {
        case line(Int)
        case environment(String)
    }

    /// A configuration and where its values come from.
    package struct Loaded: Sendable {
        package let configuration: Configuration
        /// By key; a key that isn't there has its default.
        package let origins: [String: Origin]
    }

    /// Variables that client commands read, which are no keys.
    package static let clientVariables: Set<String> = [
        "FANOUTD_URL", "FANOUTD_TOKEN_FILE", "FANOUTD_TOKEN",
    ]

    package static func load(
        _ path: String,
        environment: [String: String]
    ) throws(ConfigurationFaults) -> Loaded {
        let (loaded, faults) = examine(path, environment: environment)
        guard faults.isEmpty else { throw ConfigurationFaults(faults: faults) }
        return loaded
    }

    /// A configuration and everything that is wrong with it; a value at fault is its default there.
    package static func examine(
        _ path: String,
        environment: [String: String]
    ) -> (loaded: Loaded, faults: [ConfigurationFault]) {
        var loader = ConfigurationLoader(path: path, environment: environment)
        loader.readFile()
        loader.readEnvironment()
        loader.checkRequired()
        loader.readFiles()
        let given = Set(loader.origins.keys)
        for (key, problem, remedy) in loader.configuration.conflicts(given: given) {
            loader.note(Finding(problem: problem, remedy: remedy), of: key)
        }
        let loaded = Loaded(configuration: loader.configuration, origins: loader.origins)
        return (loaded, loader.faults)
    }

    private init(path: String, environment: [String: String]) {
        self.path = path
        self.environment = environment
        configuration.cluster.standardFolder = Configuration.Cluster.standardFolder(
            environment: environment,
            configurationFile: path
        )
    }

    // MARK: The file

    private mutating func readFile() {
        do throws(ConfigurationFault) {
            let root = try ConfigurationText.root(of: path)
            isParsed = true
            if let root { read(root) }
        } catch {
            faults.append(error)
        }
    }

    private mutating func read(_ root: Node) {
        if let scalar = root.scalar, ConfigurationScalar(scalar).isNothing { return }
        guard let mapping = root.mapping else {
            note(
                place(of: root),
                problem: "the file holds no sections",
                remedy: "begin with one, such as \(Configuration.ProviderSection.keys[0].section):"
            )
            return
        }
        for (nameNode, value) in mapping {
            let section = nameNode.scalar?.string ?? ""
            if section == WebhookReader.name {
                readWebhooks(value, at: nameNode)
                continue
            }
            guard ConfigurationKey.sections.contains(section) else {
                noteUnknown(section, at: nameNode)
                continue
            }
            readMembers(of: value, section)
        }
    }

    /// What stands below the name of a section, or of a section within one.
    private mutating func readMembers(of value: Node, _ section: String) {
        guard let members = value.mapping else {
            if let scalar = value.scalar, ConfigurationScalar(scalar).isNothing { return }
            note(
                place(of: value),
                key: section,
                problem: "is a section and can't have a value of its own",
                remedy: "write its keys below it, indented"
            )
            return
        }
        for (nameNode, value) in members {
            let leaf = nameNode.scalar?.string ?? ""
            let name = "\(section).\(leaf)"
            if leaf.contains(".") {
                noteUnknown(name, at: nameNode)
            } else if ConfigurationKey.groups.contains(name) {
                readMembers(of: value, name)
            } else {
                read(value, named: name, at: nameNode)
            }
        }
    }

    private mutating func read(_ value: Node, named name: String, at nameNode: Node) {
        guard let key = ConfigurationKey.all.first(where: { $0.name == name }) else {
            noteUnknown(name, at: nameNode)
            return
        }
        let place = place(of: nameNode)
        let line = nameNode.mark?.line ?? 0
        if key.isMapping, value.mapping != nil {
            let scalar = ConfigurationScalar(ConfigurationText.json(of: value), style: .quoted)
            return take(scalar, for: key, at: place, origin: .line(line))
        }
        guard let scalar = value.scalar else {
            let kind = value.mapping == nil ? "a list" : "a mapping"
            note(place, key: name, problem: "\(kind) is no value", remedy: "give \(key.wants)")
            return
        }
        take(ConfigurationScalar(scalar), for: key, at: place, origin: .line(line))
    }

    private mutating func readWebhooks(_ value: Node, at nameNode: Node) {
        origins[WebhookReader.name] = .line(nameNode.mark?.line ?? 0)
        // The environment's list takes the place of this one.
        guard environment[WebhookReader.variable] == nil else { return }
        var reader = WebhookReader(
            place: { [path] node in node.mark.map { .line(path, $0.line) } ?? .file(path) },
            folder: Path.folder(of: path)
        )
        reader.read(value)
        take(reader)
    }

    private mutating func take(_ reader: WebhookReader) {
        configuration.webhooks = reader.settings
        faults += reader.faults
    }

    private func place(of node: Node) -> ConfigurationFault.Place {
        node.mark.map { .line(path, $0.line) } ?? .file(path)
    }

    private mutating func noteUnknown(_ name: String, at node: Node) {
        let names = ConfigurationKey.all.map(\.name)
        let sections = ConfigurationKey.sections + [WebhookReader.name]
        let remedy: String
        let known = ConfigurationKey.all.first { $0.name == name }
        if let key = known, let leaf = key.parts.last {
            let above = key.parts.dropLast().map { "\($0):" }.joined(separator: " and ")
            remedy = "write \(leaf) indented below \(above)"
        } else if let near = Suggestion.nearest(to: name, among: names + sections) {
            remedy = "did you mean \(near)?"
        } else {
            let section = name.split(separator: ".").first.map(String.init) ?? ""
            let known = ConfigurationKey.all.filter { $0.section == section }.map(\.leaf)
            remedy =
                known.isEmpty
                ? "the sections are \(sections.joined(separator: ", "))"
                : "\(section) has \(known.joined(separator: ", "))"
        }
        note(place(of: node), key: name.shortened, problem: "unknown key", remedy: remedy)
    }

    // MARK: The environment

    private mutating func readEnvironment() {
        let keys = Dictionary(
            uniqueKeysWithValues: ConfigurationKey.all.map { ($0.environmentName, $0) }
        )
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("FANOUTD_") && !Self.clientVariables.contains(name) {
            if name == WebhookReader.variable {
                readWebhooks(fromEnvironment: value)
                continue
            }
            guard let key = keys[name] else {
                let known =
                    keys.keys.sorted() + Self.clientVariables.sorted() + [WebhookReader.variable]
                let near = Suggestion.nearest(to: name, among: known)
                note(
                    .environment(name),
                    problem: "belongs to no key",
                    remedy: near.map { "did you mean \($0)?" } ?? "unset it"
                )
                continue
            }
            let scalar = ConfigurationScalar(value, style: .environment)
            take(scalar, for: key, at: .environment(name), origin: .environment(name))
        }
    }

    /// The whole list as YAML, of which JSON is a part: a variable can't give it piece by piece.
    private mutating func readWebhooks(fromEnvironment text: String) {
        let place = ConfigurationFault.Place.environment(WebhookReader.variable)
        origins[WebhookReader.name] = .environment(WebhookReader.variable)
        do throws(ConfigurationFault) {
            var reader = WebhookReader(place: { _ in place }, folder: "")
            if let root = try ConfigurationText.root(ofText: text, at: place) { reader.read(root) }
            take(reader)
        } catch {
            faults.append(error)
        }
    }

    // MARK: One value

    private mutating func take(
        _ scalar: ConfigurationScalar,
        for key: ConfigurationKey,
        at place: ConfigurationFault.Place,
        origin: Origin
    ) {
        let folder = if case .environment = place { "" } else { Path.folder(of: path) }
        let refusal = key.take(scalar, folder, &configuration)
        origins[key.name] = origin
        let problem: String
        switch refusal {
        case nil: return
        case .wrongType where scalar.isNothing: problem = "no value is given"
        case .wrongType: problem = "\(shown(scalar)) is \(scalar.kindName)"
        case .outOfRange: problem = "\(shown(scalar)) is out of range"
        case .unfit: problem = "\(shown(scalar)) won't do"
        case .parts(let parts):
            for part in parts {
                let name = [key.name, part.name].filter { !$0.isEmpty }.joined(separator: ".")
                note(place, key: name, problem: part.finding.problem, remedy: part.finding.remedy)
            }
            return
        }
        note(place, key: key.name, problem: problem, remedy: "give \(key.wants)")
    }

    private func shown(_ scalar: ConfigurationScalar) -> String {
        Redaction.looksSecret(scalar.text)
            ? "a value that looks like a secret" : "'\(scalar.text.shortened)'"
    }

    private mutating func note(
        _ place: ConfigurationFault.Place,
        key: String = "",
        problem: String,
        remedy: String
    ) {
        faults.append(.init(place: place, key: key, problem: problem, remedy: remedy))
    }

    private mutating func checkRequired() {
        guard isParsed else { return }
        for key in ConfigurationKey.all where key.isRequired && origins[key.name] == nil {
            note(
                .file(path),
                key: key.name,
                problem: "missing",
                remedy: "give \(key.wants), here or as \(key.environmentName)"
            )
        }
    }

    // MARK: What a single value can't tell

    private func place(of key: String) -> ConfigurationFault.Place {
        switch origins[key] {
        case .line(let line): .line(path, line)
        case .environment(let name): .environment(name)
        case nil: .file(path)
        }
    }

    private mutating func readFiles() {
        for key in ConfigurationKey.all {
            for finding in key.readFile(&configuration) { note(finding, of: key.name) }
        }
    }

    private mutating func note(_ finding: Finding, of key: String) {
        note(place(of: key), key: key, problem: finding.problem, remedy: finding.remedy)
    }
}

extension ConfigurationScalar {
    init(_ scalar: Node.Scalar) {
        let isPlain = scalar.style == .plain || scalar.style == .any
        self.init(scalar.string, style: isPlain ? .plain : .quoted)
    }
}
