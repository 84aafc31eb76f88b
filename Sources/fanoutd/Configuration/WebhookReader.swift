import DeliveryCore
import Platform
import Webhooks
import Yams

/// Reads the list of webhooks, and finds every fault of it at once.
struct WebhookReader {
    /// Where the list stands: the file, or the environment.
    let place: (Node) -> ConfigurationFault.Place
    /// The folder from which a relative path counts.
    let folder: String
    private(set) var settings: [HookSetting] = []
    private(set) var faults: [ConfigurationFault] = []

    /// The section's name in the file.
    static let name = "webhooks"
    /// The variable that takes its place, as YAML or JSON.
    static let variable = "FANOUTD_WEBHOOKS"
    /// Each one costs a row for each event, and a connection.
    private static let limit = 20
    private static let keys = ["url", "secretFile", "events"]
    private static let form = "a list of webhooks, each with url, secretFile and maybe events"

    init(place: @escaping (Node) -> ConfigurationFault.Place, folder: String) {
        self.place = place
        self.folder = folder
    }

    mutating func read(_ node: Node) {
        if let scalar = node.scalar, ConfigurationScalar(scalar).isNothing { return }
        guard let list = node.sequence else {
            return note(node, Self.name, "is no list", "give \(Self.form)")
        }
        guard list.count <= Self.limit else {
            let problem = "\(list.count) webhooks are too many"
            return note(node, Self.name, problem, "give at most \(Self.limit)")
        }
        for (index, item) in list.enumerated() {
            readHook(item, "\(Self.name)[\(index)]")
        }
    }

    private mutating func readHook(_ node: Node, _ name: String) {
        guard let mapping = node.mapping else {
            return note(node, name, "is no webhook", "give url, secretFile and maybe events")
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            let text = key.scalar?.string ?? ""
            guard Self.keys.contains(text) else {
                let near = Suggestion.nearest(to: text, among: Self.keys)
                let remedy =
                    near.map { "did you mean \($0)?" }
                    ?? "a webhook has \(Self.keys.joined(separator: ", "))"
                note(key, "\(name).\(text.shortened)", "unknown key", remedy)
                continue
            }
            values[text] = value
        }
        let address = readAddress(values["url"], node, "\(name).url")
        let file = readFile(values["secretFile"], node, "\(name).secretFile")
        let events = readEvents(values["events"], "\(name).events")
        guard let address, let (path, secret) = file, let events else { return }
        settings.append(
            HookSetting(
                webhook: Webhook(
                    address: address,
                    kinds: Set(events.kinds ?? EventKind.allCases),
                    secret: secret
                ),
                secretFile: path,
                events: events.kinds
            )
        )
    }

    private mutating func readAddress(
        _ value: Node?,
        _ hook: Node,
        _ name: String
    ) -> HookAddress? {
        let remedy = "give the URL that events are sent to, such as https://ops.example/hooks"
        guard let text = text(value, hook, name, remedy) else { return nil }
        guard let value, let address = HookAddress(text) else {
            let problem = "a URL without name and password, fragment and blanks is wanted"
            note(value ?? hook, name, problem, remedy)
            return nil
        }
        guard address.server.isPrivate else {
            note(
                value,
                name,
                "'\(address.shown)' could be read on its way",
                "use https://; http:// is taken to this machine only"
            )
            return nil
        }
        guard !settings.contains(where: { $0.webhook.key == address.key }) else {
            let problem = "'\(address.shown)' stands here twice"
            note(value, name, problem, "keep one of them, with the events of both")
            return nil
        }
        return address
    }

    private mutating func readFile(
        _ value: Node?,
        _ hook: Node,
        _ name: String
    ) -> (String, Secret)? {
        let remedy = "give the path of the file that holds the key of its signatures"
        guard let text = text(value, hook, name, remedy) else { return nil }
        guard let value, !text.contains("\0") else { return nil }
        let path = Path.resolve(text, in: folder)
        do throws(Finding) {
            return (path, try SecretFile.hookKey(at: path))
        } catch {
            note(value, name, error.problem, error.remedy)
            return nil
        }
    }

    private mutating func text(
        _ value: Node?,
        _ hook: Node,
        _ name: String,
        _ remedy: String
    ) -> String? {
        guard let value else {
            note(hook, name, "missing", remedy)
            return nil
        }
        guard let scalar = value.scalar, let text = ConfigurationScalar(scalar).string else {
            note(value, name, "is no text", remedy)
            return nil
        }
        return text
    }

    /// Nil if there is a fault; inside it, nil for all events.
    private mutating func readEvents(
        _ value: Node?,
        _ name: String
    ) -> (kinds: [EventKind]?, Void)? {
        guard let value else { return (nil, ()) }
        let remedy = "give a list of events, or leave it out for all"
        guard let list = value.sequence, !list.isEmpty else {
            note(value, name, "is no list of events", remedy)
            return nil
        }
        var kinds: [EventKind] = []
        var isSound = true
        for item in list {
            let text = item.scalar?.string ?? ""
            if let kind = EventKind(rawValue: text) {
                if !kinds.contains(kind) { kinds.append(kind) }
                continue
            }
            isSound = false
            let all = EventKind.allCases.map(\.rawValue)
            let near = Suggestion.nearest(to: text, among: all)
            let problem = "'\(text.shortened)' is no event"
            let known = "the events are \(all.joined(separator: ", "))"
            note(item, name, problem, near.map { "did you mean \($0)?" } ?? known)
        }
        return isSound ? (kinds, ()) : nil
    }

    private mutating func note(
        _ node: Node,
        _ key: String,
        _ problem: String,
        _ remedy: String
    ) {
        faults.append(
            ConfigurationFault(place: place(node), key: key, problem: problem, remedy: remedy)
        )
    }
}
