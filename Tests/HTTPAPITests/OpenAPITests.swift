import DeliveryCore
import HTTPAPI
import HTTPTypes
import JSON
import Synchronization
import Testing
import Yams

/// The document says what the code does: where the two can be compared, they are.
@Suite struct `The OpenAPI document` {
    private typealias Node = [String: Any]

    private static func document() throws -> Node {
        try #require(try Yams.load(yaml: OpenAPIDocument.text) as? Node)
    }

    private static func paths() throws -> [String: Node] {
        try #require(try document()["paths"] as? [String: Node])
    }

    private static func schema(_ name: String) throws -> Node {
        let components = try #require(try document()["components"] as? Node)
        let schemas = try #require(components["schemas"] as? [String: Node])
        return try #require(schemas[name])
    }

    /// The routes as the document has them, where one path stands for all files beside the page.
    static let routes = makeEndpoint(FakeService()).routes.filter { !isFile($0) }

    private static func isFile(_ route: Route) -> Bool {
        route.path != "/" && PageFile.all.contains { $0.path == route.path }
    }

    private static let methods: Set = ["get", "put", "post", "patch", "delete"]

    @Test func `is served`() async throws {
        let endpoint = makeEndpoint(FakeService())
        let answer = try await exchange(.get, "/openapi.yaml", endpoint: endpoint)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/yaml")
        #expect(answer.text == OpenAPIDocument.text)
        #expect(try Self.document()["openapi"] as? String == "3.1.0")
    }

    @Test func `has every route of the table and no other`() throws {
        let described = try Self.paths().flatMap { path, item in
            item.keys.filter(Self.methods.contains).map { "\($0) \(path)" }
        }
        let routes = Self.routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }
        #expect(described.sorted() == (routes + ["get /{file}"]).sorted())
        let operations = try Self.paths().values.flatMap { item in
            item.values.compactMap { ($0 as? Node)?["operationId"] as? String }
        }
        #expect(
            Set(operations).count == described.count,
            "two have one operationId, or one has none"
        )
    }

    @Test(arguments: Self.routes.map { ("\($0.method.rawValue.lowercased())", $0.path) })
    func `has the parameters and the security of each route`(
        method: String,
        path: String
    ) throws {
        let route = try #require(
            Self.routes.first { $0.path == path && $0.method.rawValue.lowercased() == method }
        )
        let item = try #require(try Self.paths()[path])
        let operation = try #require(item[method] as? Node)
        let parameters = [item, operation].flatMap { $0["parameters"] as? [Node] ?? [] }
            .map { parameter -> (name: String, place: String) in
                let reference = (parameter["$ref"] as? String)?.split(separator: "/").last
                let name = parameter["name"] as? String ?? reference.map { "\($0)" } ?? ""
                return (name, parameter["in"] as? String ?? (name == "id" ? "path" : "query"))
            }
        let query = parameters.filter { $0.place == "query" }.map(\.name)
        let fields = Self.formFields(of: operation)
        #expect((query + fields).sorted() == route.query.sorted())
        #expect(fields.isEmpty == (route.access != .form))
        let placeholders = path.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { String($0.dropFirst().dropLast()) }
        #expect(parameters.filter { $0.place == "path" }.map(\.name) == placeholders)
        let isOpen = (operation["security"] as? [Any])?.isEmpty ?? false
        #expect(isOpen == (route.access == .open))
        let responses = try #require(operation["responses"] as? Node)
        let isKept = path == "/"
        #expect(responses.count == (isKept ? 3 : 2) && responses["default"] != nil)
    }

    /// The fields of a form but for its token.
    private static func formFields(of operation: Node) -> [String] {
        let content = (operation["requestBody"] as? Node)?["content"] as? [String: Node]
        let schema = content?[ContentType.form.rawValue]?["schema"] as? Node
        return (schema?["properties"] as? Node ?? [:]).keys.filter { $0 != Form.token }
    }

    @Test func `names the cases of the vocabulary`() throws {
        func cases(_ name: String) throws -> [String] {
            try #require(try Self.schema(name)["enum"] as? [String]).sorted()
        }
        #expect(try cases("CampaignState") == Campaign.State.allCases.map(\.rawValue).sorted())
        #expect(try cases("RecipientStatus") == Recipient.Status.allCases.map(\.rawValue).sorted())
        #expect(try cases("ServiceState") == ServiceState.allCases.map(\.rawValue).sorted())
        #expect(try cases("Cause") == Explanation.Kind.allCases.map(\.rawValue).sorted())
        #expect(try cases("Priority") == Priority.allCases.map(\.rawValue).sorted())
        #expect(try cases("Recall") == Recipient.Recall.allCases.map(\.rawValue).sorted())
        let jobStates = Job.State.allCases.map(\.rawValue) + ["waiting"]
        #expect(try cases("JobState") == jobStates.sorted())
        #expect(try cases("Weekday") == Weekday.allCases.map(\.rawValue).sorted())
        #expect(try cases("OnUnknown") == UnknownPolicy.allCases.map(\.rawValue).sorted())
    }

    @Test func `lists every problem with its status and title`() throws {
        let type = try #require(try Self.schema("Problem")["properties"] as? [String: Node])["type"]
        #expect(type?["enum"] as? [String] == Problem.Slug.allCases.map(\.type))
        let lines = Problem.Slug.allCases.map { slug in
            "- `\(slug.rawValue)` \(slug.status.code): \(slug.title)\n"
        }
        let description = try #require(type?["description"] as? String)
        #expect(description.hasSuffix("\n" + lines.joined()))
    }

    @Test func `names how many codes a list may have`() throws {
        func limits(_ method: String, _ path: String) throws -> [Int] {
            let operation = try #require(try Self.paths()[path]?[method])
            return Self.values(named: "maxItems", in: operation)
        }
        #expect(try limits("post", "/v1/campaigns/{id}/retry") == [RetryFilter.codeLimit])
        #expect(try limits("get", "/v1/campaigns/{id}/recipients") == [Query.valueLimit])
        #expect(try limits("post", "/v1/campaigns/{id}/export") == [Query.valueLimit])
    }

    private static func values(named name: String, in node: Any) -> [Int] {
        if let list = node as? [Any] { return list.flatMap { values(named: name, in: $0) } }
        guard let node = node as? Node else { return [] }
        return node.flatMap { key, value in
            key == name ? [value as? Int ?? -1] : values(named: name, in: value)
        }
    }

    @Test func `has every reference's end`() throws {
        let components = try #require(try Self.document()["components"] as? [String: Node])
        for part in OpenAPIDocument.text.split(separator: "$ref: '#/components/").dropFirst() {
            let path = part.prefix { $0 != "'" }.split(separator: "/").map { "\($0)" }
            try #require(path.count == 2)
            #expect(components[path[0]]?[path[1]] != nil, "\(path)")
        }
    }

    @Test func `describes an answer's fields in full`() async throws {
        let service = FakeService()
        let endpoint = makeEndpoint(service)
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        service.state.withLock { $0.traffic = [TrafficStep(start: FakeService.start)] }
        let history = try await exchange(.get, "/v1/history", endpoint: endpoint).json()
        try Self.compare(try #require(history["items"]?.elements?.first), with: "Step")
        let quota = try await exchange(.get, "/v1/quota", endpoint: endpoint).json()
        try Self.compare(try #require(quota["window"]), with: "Window")
        let standby = makeStandby()
        let stillQuota = try await exchange(.get, "/v1/quota", endpoint: standby)
        try Self.compare(try #require(try stillQuota.json()["cluster"]), with: "Cluster")
        let list = try await exchange(.get, "/v1/campaigns", endpoint: endpoint).json()
        try Self.compare(try #require(list["totals"]), with: "Totals")
        let plan = try await exchange(
            .post,
            "/v1/plan",
            #"{"message":{},"recipients":["a"]}"#,
            endpoint: endpoint
        )
        let suppression = try await exchange(.put, "/v1/suppressions/a", endpoint: endpoint)
        let answers = [
            ("Suppression", suppression),
            ("Campaign", try await exchange(.get, "/v1/campaigns/\(id)", endpoint: endpoint)),
            (
                "Recipient",
                try await exchange(
                    .get,
                    "/v1/campaigns/\(id)/recipients/a",
                    endpoint: endpoint
                )
            ),
            ("Quota", try await exchange(.get, "/v1/quota", endpoint: endpoint)), ("Plan", plan),
            ("Session", try await exchange(.get, "/v1/session", endpoint: endpoint)),
            ("Explanation", try await exchange(.get, "/v1/explain", endpoint: endpoint)),
            ("Quota", stillQuota),
            ("Explanation", try await exchange(.get, "/v1/explain", endpoint: standby)),
            ("Session", try await exchange(.get, "/v1/session", endpoint: standby)),
        ]
        for (name, answer) in answers { try Self.compare(try answer.json(), with: name) }
    }

    @Test(arguments: [("check", "CheckJob"), ("verify", "VerifyJob"), ("recall", "RecallJob")])
    func `describes a job's fields in full`(job: String, schema: String) async throws {
        let endpoint = makeEndpoint(FakeService())
        let id = try await makeCampaign(endpoint, recipients: ["a"])
        let path = "/v1/campaigns/\(id)/\(job)"
        let answer = try await exchange(.post, path, endpoint: endpoint)
        try Self.compare(try #require(try answer.json()[job]), with: schema)
    }

    private static func compare(_ object: JSON, with name: String) throws {
        let fields = object.members?.map(\.name)
        let schema = try schema(name)
        #expect(schema["required"] as? [String] == fields, "\(name)")
        let properties = try #require(schema["properties"] as? Node)
        #expect(properties.keys.sorted() == fields?.sorted(), "\(name)")
    }
}
