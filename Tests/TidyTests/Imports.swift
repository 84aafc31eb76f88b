/// Which module may import which of ours; whatever is not ours is not judged, but for what is
/// reserved.
enum Imports {
    private static let adapters: Set<String> = [
        "SQLiteQueue", "PostgresQueue", "TencentIM", "HTTPAPI", "TimeZoneData", "Webhooks",
    ]

    /// For each module of `Sources`, the ones of ours it may import.
    static let allowed: [String: Set<String>] = [
        "DeliveryCore": [],
        "JSON": [],
        "Codecs": [],
        "Compression": [],
        "Digests": [],
        "Platform": ["Codecs"],
        // It knows the daemon by HTTP alone.
        "Client": ["JSON", "Codecs", "Compression", "Platform", "HTTPClient"],
        "EventLoops": [],
        "HTTPClient": ["Codecs", "EventLoops", "Platform"],
        "SystemdNotify": ["Platform"],
        "PrometheusText": [],
        "DeliveryEngine": ["DeliveryCore", "JSON"],
        "QueueTables": ["DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Platform"],
        "SQLiteQueue": ["DeliveryCore", "DeliveryEngine", "QueueTables", "Platform"],
        "PostgresQueue": ["DeliveryCore", "DeliveryEngine", "QueueTables", "Platform"],
        "TimeZoneData": ["DeliveryCore", "DeliveryEngine", "Codecs", "Platform"],
        "TencentIM": [
            "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Compression", "Digests",
            "HTTPClient", "Platform",
        ],
        "HTTPAPI": [
            "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Compression", "Digests",
            "EventLoops", "Platform",
        ],
        "Webhooks": [
            "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Digests", "Platform",
            "HTTPClient",
        ],
        "TencentIMSimulator": ["DeliveryCore", "JSON", "Codecs", "Compression", "Digests"],
        "fanoutd": adapters.union([
            "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Platform", "Client",
            "PrometheusText", "QueueTables", "SystemdNotify", "TencentIMSimulator",
        ]),
    ]

    /// Modules that stand below everything and import nothing at all.
    static let closed: Set<String> = ["DeliveryCore", "JSON", "Codecs"]

    /// Modules of other people that only one of ours may import.
    static let reserved = [
        "CSQLite": "SQLiteQueue", "CLibpq": "PostgresQueue", "CSHA256": "Digests",
        "CZlib": "Compression", "Yams": "fanoutd", "ArgumentParser": "fanoutd",
    ]

    static func faults(in file: SourceFile) -> [String] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        guard let ours = allowed[file.target] else {
            return ["\(file.path): say in Imports.swift what \(file.target) may import"]
        }
        return file.imports.compactMap { number, module in
            if closed.contains(file.target) {
                return "\(file.path):\(number): \(file.target) imports nothing, not even \(module)"
            }
            if allowed[module] != nil, module != file.target, !ours.contains(module) {
                return "\(file.path):\(number): \(file.target) must not import \(module)"
            }
            if let owner = reserved[module], owner != file.target {
                return "\(file.path):\(number): only \(owner) may import \(module)"
            }
            return nil
        }
    }
}
