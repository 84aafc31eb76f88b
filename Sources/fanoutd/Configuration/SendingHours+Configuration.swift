import DeliveryCore
import DeliveryEngine
import HTTPAPI
import JSON
import Platform
import Yams

extension ConfigurationForm<SendingHours> {
    /// Sending hours: a mapping with the names that campaigns have, in the environment on one line.
    static func hours(in zones: any ZoneDirectory) -> Self {
        Self(
            wants: "a mapping such as {from: '09:00', to: '21:00', time_zone: Asia/Shanghai, days:"
                + " [mon, tue]}, or nothing for any time",
            isText: true,
            isMapping: true,
            read: { scalar, _ throws(ConfigurationRefusal) in
                guard let document = ConfigurationText.mapping(scalar.text) else { throw .unfit }
                let (hours, faults) = SendingHours.read(document, zones)
                guard let hours else { throw .parts(faults.map { Self.part($0, of: document) }) }
                return hours
            },
            show: { $0.setting }
        )
    }

    /// A fault as a finding: what stands there, and what would do.
    private static func part(
        _ fault: FieldCheck.Fault,
        of document: JSON
    ) -> ConfigurationRefusal.Part {
        let names = fault.pointer.split(separator: "/").map(String.init)
        var value = names.isEmpty ? nil : document[names[0]]
        if names.count > 1, let index = Int(names[1]) { value = value?.elements?[index] }
        let shown = value?.string.map { "'\($0.shortened)' won't do" } ?? "it won't do"
        return ConfigurationRefusal.Part(
            name: names.joined(separator: "."),
            finding: value == nil
                ? Finding(problem: "missing", remedy: "give it, as in time_zone: Asia/Shanghai")
                : Finding(problem: shown, remedy: fault.detail)
        )
    }
}

extension SendingHours {
    /// As the configuration file spells them, on one line.
    fileprivate var setting: String {
        let (from, to) = (Self.clockText(opensAt), Self.clockText(closesAt))
        let days = weekdays.map(\.rawValue).joined(separator: ", ")
        return "{from: '\(from)', to: '\(to)', time_zone: \(timeZone), days: [\(days)]}"
    }
}

extension ConfigurationText {
    /// A mapping that stands in one line of YAML or JSON; nil if the text is none.
    fileprivate static func mapping(_ text: String) -> JSON? {
        do {
            guard let root = try parser(of: text).singleRoot(), root.mapping != nil else {
                return nil
            }
            return try JSON(parsing: Array(json(of: root).utf8))
        } catch {
            // Whatever else it is, it is no mapping.
            return nil
        }
    }

    /// A node as JSON whose values are all text, as they were written.
    static func json(of node: Node) -> String {
        JSONText { write(node, to: &$0) }.string
    }

    private static func write(_ node: Node, to text: inout JSONText) {
        if let mapping = node.mapping {
            text.object { text in
                for (name, value) in mapping {
                    let name = name.scalar?.string ?? ""
                    // As the file's other keys are spelt.
                    let field = name == "timeZone" ? "time_zone" : name
                    text.field(named: field) { write(value, to: &$0) }
                }
            }
        } else if let sequence = node.sequence {
            text.array(of: Array(sequence)) { write($1, to: &$0) }
        } else {
            text.string(node.scalar?.string ?? "")
        }
    }
}
