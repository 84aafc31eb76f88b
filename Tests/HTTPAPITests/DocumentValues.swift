import HTTPAPI
import JSON
import Testing
import Yams

/// Values that a schema of the OpenAPI document takes, and such that it refuses: at each limit and
/// one step over it.
struct DocumentValues {
    typealias Node = [String: Any]

    private(set) var good: [String] = []
    private(set) var bad: [String] = []

    /// Everything that a value of another type may be.
    private static let samples = ["\"x\"", "7", "1.5", "true", "[]", "{}", "null"]

    init(of schema: Node, in schemas: [String: Node]) throws {
        if let reference = schema["$ref"] as? String {
            let name = try #require(reference.split(separator: "/").last.map(String.init))
            self = try DocumentValues(of: try #require(schemas[name], "\(name)"), in: schemas)
        } else if let choices = schema["oneOf"] as? [Node], choices[0]["required"] == nil {
            for choice in choices {
                let values = try DocumentValues(of: choice, in: schemas)
                good += values.good
                bad += values.bad
            }
            bad.removeAll(where: good.contains)
        } else {
            let types = schema["type"] as? [String] ?? [schema["type"] as? String ?? "const"]
            for type in types { try add(type, schema, schemas) }
            for sample in Self.samples where !types.contains(where: { Self.sample(sample, is: $0) })
            {
                bad.append(sample)
            }
        }
    }

    private static func sample(_ sample: String, is type: String) -> Bool {
        switch type {
        case "string", "const": sample == "\"x\""
        case "integer": sample == "7"
        case "number": sample == "7" || sample == "1.5"
        case "boolean": sample == "true"
        case "array": sample == "[]"
        case "object": sample == "{}"
        case "null": sample == "null"
        default: false
        }
    }

    private mutating func add(_ type: String, _ schema: Node, _ schemas: [String: Node]) throws {
        switch type {
        case "null": good.append("null")
        case "boolean": good += ["true", "false"]
        case "const":
            good.append("\"\(try #require(schema["const"] as? String))\"")
            bad.append("\"TIMNoSuchElem\"")
        case "string": addStrings(schema)
        case "integer", "number": addNumbers(schema, isWhole: type == "integer")
        case "array": try addArrays(schema, schemas)
        case "object": try addObjects(schema, schemas)
        default: Issue.record("a schema of type \(type)")
        }
    }

    private mutating func addStrings(_ schema: Node) {
        if let cases = schema["enum"] as? [String] {
            good += cases.map { "\"\($0)\"" }
            bad += ["\"nobody\"", "\"x\""]
            return
        }
        if schema["format"] as? String == "date-time" {
            good += ["\"2126-01-01T00:00:00Z\"", "\"2126-01-01T08:00:00.5+08:00\""]
            bad += ["\"x\"", "\"2126-01-01\"", "\"2126-13-01T00:00:00Z\""]
            return
        }
        if let examples = schema["examples"] as? [String] {
            good += examples.map { "\"\($0)\"" }
            bad += ["\"\"", "\"x\"", "\"9:00\"", "\"24:00\"", "\"12:60\""]
            return
        }
        good.append("\"x\"")
        let least = schema["minLength"] as? Int ?? 0
        if least > 0 { bad.append("\"\"") } else { good.append("\"\"") }
        if let most = schema["maxLength"] as? Int {
            good.append("\"\(String(repeating: "x", count: most))\"")
            bad.append("\"\(String(repeating: "x", count: most + 1))\"")
        }
        if schema["pattern"] != nil { bad += ["\"a\\u0001\"", "\"a\\u007f\"", "\"a\\u0085\""] }
    }

    private mutating func addNumbers(_ schema: Node, isWhole: Bool) {
        if let cases = schema["enum"] as? [Int], let least = cases.min(), let most = cases.max() {
            good += cases.map(String.init)
            bad += [String(least - 1), String(most + 1)]
            return
        }
        let (least, most) = (schema["minimum"] as? Int, schema["maximum"] as? Int)
        good += [least, most].compactMap { $0.map { String($0) } }
        if least == nil, most == nil { good.append("7") }
        bad += [least.map { String($0 - 1) }, most.map { String($0 + 1) }].compactMap(\.self)
        if isWhole, !good.contains("1.5") { bad.append("1.5") }
    }

    private mutating func addArrays(_ schema: Node, _ schemas: [String: Node]) throws {
        let items = try DocumentValues(of: try #require(schema["items"] as? Node), in: schemas)
        let least = schema["minItems"] as? Int ?? 0
        if least > 0 { bad.append("[]") } else { good.append("[]") }
        good += items.good.map { "[\($0)]" } + ["[\(items.good[0]),\(items.good[0])]"]
        bad += items.bad.flatMap { ["[\($0)]", "[\(items.good[0]),\($0)]"] }
        guard let most = schema["maxContains"] as? Int else { return }
        // What may come so often is told by its constant.
        let text = "\(schema["contains"] ?? "")"
        let name = try #require(text.firstRange(of: /TIM\w+/).map { text[$0] })
        let item = try #require(items.good.first { $0.contains(name) })
        let list = { (count: Int) in
            "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
        }
        good.append(list(most))
        bad.append(list(most + 1))
    }

    /// One member at a time is at its limit or over it; the others are as short as may be.
    private mutating func addObjects(_ schema: Node, _ schemas: [String: Node]) throws {
        let properties = try (schema["properties"] as? [String: Node] ?? [:])
            .mapValues { try DocumentValues(of: $0, in: schemas) }
        let required = schema["required"] as? [String] ?? []
        let base = Dictionary(uniqueKeysWithValues: required.map { ($0, properties[$0]?.good[0]) })
            .compactMapValues(\.self)
        good.append(Self.object(base))
        for name in required { bad.append(Self.object(base.filter { $0.key != name })) }
        for (name, values) in properties.sorted(by: { $0.key < $1.key }) {
            good += values.good.map { Self.object(base.merging([name: $0]) { $1 }) }
            bad += values.bad.map { Self.object(base.merging([name: $0]) { $1 }) }
        }
        let unknown = Self.object(base.merging(["NoSuchField": "1"]) { $1 })
        if schema["additionalProperties"] as? Bool == false {
            bad.append(unknown)
        } else {
            good.append(unknown)
        }
    }

    private static func object(_ members: [String: String]) -> String {
        let texts = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{\(texts.joined(separator: ","))}"
    }
}
