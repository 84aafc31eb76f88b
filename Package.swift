// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let hummingbirdCore: Target.Dependency = .product(
    name: "HummingbirdCore",
    package: "hummingbird"
)
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let unixSignals: Target.Dependency = .product(
    name: "UnixSignals",
    package: "swift-service-lifecycle"
)
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "fanoutd",
    products: [
        .executable(name: "fanoutd", targets: ["fanoutd"])
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            exact: "2.28.1",
            traits: []
        ),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .target(name: "DeliveryCore"),
        .target(name: "JSON"),
        .target(name: "Codecs"),
        // SHA-256 as the standard has it, in C that is fast where nothing is optimized.
        .target(name: "CSHA256"),
        .target(name: "Digests", dependencies: ["CSHA256"]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "Compression", dependencies: ["CZlib"]),
        .target(name: "Platform", dependencies: ["Codecs", system]),
        // The endpoint's description, a file of its own that the executable carries.
        .target(name: "COpenAPI", exclude: ["openapi.yaml"]),
        // The files of the page, likewise.
        .target(name: "CPage", exclude: ["page"]),
        .target(
            name: "DeliveryEngine",
            dependencies: ["DeliveryCore", "JSON", logging, lifecycle]
        ),
        .target(
            name: "QueueTables",
            dependencies: ["DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Platform", system]
        ),
        .target(
            name: "SQLiteQueue",
            dependencies: ["DeliveryEngine", "QueueTables", "Platform", "CSQLite", system]
        ),
        // PostgreSQL's client library, loaded when a configuration asks for it.
        .target(name: "CLibpq", linkerSettings: [.linkedLibrary("dl")]),
        .target(
            name: "PostgresQueue",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "QueueTables", "Platform", "CLibpq", logging,
                system,
            ]
        ),
        .target(
            name: "TimeZoneData",
            dependencies: ["DeliveryCore", "DeliveryEngine", "Codecs", "Platform"]
        ),
        .target(name: "EventLoops", dependencies: [nioCore]),
        // Connections that are kept between requests, and those whose bodies are streamed.
        .target(
            name: "HTTPClient",
            dependencies: [
                "Codecs", "EventLoops", "Platform", nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS,
            ]
        ),
        .target(
            name: "TencentIM",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Compression", "Digests",
                "HTTPClient", "Platform", nioCore, nioPosix, nioHTTP1, nioSSL, logging,
            ]
        ),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Compression", "COpenAPI",
                "CPage", "Digests", "EventLoops", "Platform",
                hummingbirdCore, httpTypes, nioCore, nioPosix, nioHTTP1,
                nioHTTPTypes, lifecycle, logging, system,
            ]
        ),
        .target(
            name: "TencentIMSimulator",
            dependencies: [
                "DeliveryCore", "JSON", "Codecs", "Compression", "Digests", nioCore, nioPosix,
                nioHTTP1, lifecycle,
            ]
        ),
        .target(
            name: "Webhooks",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "JSON", "Codecs", "Digests", "Platform",
                "HTTPClient", nioCore, nioPosix, nioHTTP1, nioSSL, lifecycle, logging,
            ]
        ),
        .target(name: "SystemdNotify", dependencies: ["Platform", lifecycle]),
        .target(name: "PrometheusText", dependencies: [coreMetrics]),
        .target(
            name: "Client",
            dependencies: [
                "JSON", "Codecs", "Compression", "Platform", "HTTPClient", unixSignals, nioCore,
                nioPosix, nioHTTP1, system,
            ]
        ),
        .executableTarget(
            name: "fanoutd",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "QueueTables", "SQLiteQueue", "PostgresQueue",
                "TencentIM", "HTTPAPI", "Webhooks", "TencentIMSimulator", "SystemdNotify",
                "PrometheusText", "JSON", "Codecs", "Platform", "Client", "TimeZoneData",
                argumentParser, lifecycle, unixSignals, yams, logging, metrics, nioCore, nioPosix,
                nioHTTP1, nioTLS, nioSSL, system,
            ]
        ),

        // Whole lives of the service: its world, its promises and the mistakes planted in it.
        .target(
            name: "Simulation",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "JSON", "QueueTables", "SQLiteQueue",
                "TencentIM", "TencentIMSimulator", "TestSupport", logging,
            ],
            path: "Tests/Support/Simulation"
        ),
        // What tests of every module share: values of the vocabulary, models of the ports, virtual
        // time, a log that is read, temporary folders and gzip.
        .target(
            name: "TestSupport",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "TencentIM", "CZlib", logging, nioCore, nioPosix,
                nioSSL,
            ],
            path: "Tests/Support/TestSupport"
        ),
        // What an endpoint answers, without a socket.
        .target(
            name: "EndpointFixtures",
            dependencies: ["HTTPAPI", hummingbirdCore, httpTypes, nioCore, nioEmbedded],
            path: "Tests/Support/EndpointFixtures"
        ),
        // Campaigns, claims and records for tests of the queue, and the stores there are.
        .target(
            name: "QueueFixtures",
            dependencies: [
                "DeliveryCore", "DeliveryEngine", "QueueTables", "SQLiteQueue", "PostgresQueue",
                "TestSupport",
            ],
            path: "Tests/Support/QueueFixtures"
        ),
        // A disk that loses its power and fails on command.
        .target(
            name: "CFaultyDisk",
            path: "Tests/Support/CFaultyDisk",
            linkerSettings: [.linkedLibrary("sqlite3")]
        ),
        .testTarget(name: "DeliveryCoreTests", dependencies: ["DeliveryCore", "TestSupport"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "CodecsTests", dependencies: ["Codecs"]),
        .testTarget(name: "DigestsTests", dependencies: ["Digests", "Codecs"]),
        .testTarget(
            name: "DeliveryEngineTests",
            dependencies: [
                "DeliveryEngine", "DeliveryCore", "QueueTables", "SQLiteQueue", "TestSupport",
                logging, lifecycle,
            ]
        ),
        .testTarget(
            name: "QueueTablesTests",
            dependencies: [
                "QueueTables", "DeliveryEngine", "DeliveryCore", "Platform", "QueueFixtures",
                "TestSupport", system,
            ]
        ),
        .testTarget(
            name: "SQLiteQueueTests",
            dependencies: [
                "SQLiteQueue", "QueueTables", "DeliveryEngine", "DeliveryCore", "PostgresQueue",
                "QueueFixtures", "Codecs", "TestSupport", "CFaultyDisk",
            ]
        ),
        .testTarget(
            name: "PostgresQueueTests",
            dependencies: [
                "PostgresQueue", "QueueTables", "DeliveryEngine", "DeliveryCore", "QueueFixtures",
                "Platform", "TestSupport",
            ]
        ),
        .testTarget(
            name: "TimeZoneDataTests",
            dependencies: ["TimeZoneData", "DeliveryCore", "Codecs", "TestSupport"]
        ),
        .testTarget(
            name: "HTTPClientTests",
            dependencies: ["HTTPClient", "Platform", "TestSupport", nioCore, nioHTTP1]
        ),
        .testTarget(
            name: "TencentIMTests",
            dependencies: [
                "TencentIM", "DeliveryEngine", "DeliveryCore", "JSON", "CZlib", "Simulation",
                "Platform", "TestSupport", nioSSL,
            ]
        ),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "HTTPAPI", "TencentIM", "DeliveryEngine", "DeliveryCore", "JSON", "TestSupport",
                "Compression", "Platform", "EndpointFixtures", httpTypes, nioCore, nioEmbedded,
                nioPosix, nioHTTPTypes, lifecycle, logging, yams,
            ]
        ),
        .testTarget(
            name: "TencentIMSimulatorTests",
            dependencies: ["TencentIMSimulator", "DeliveryCore", "JSON", "TestSupport"]
        ),
        .testTarget(
            name: "PrometheusTextTests",
            dependencies: ["PrometheusText", coreMetrics]
        ),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "Webhooks", "DeliveryEngine", "DeliveryCore", "Platform", "QueueTables",
                "SQLiteQueue", "QueueFixtures", "TestSupport", logging,
            ]
        ),
        .testTarget(name: "SystemdNotifyTests", dependencies: ["SystemdNotify"]),
        .testTarget(
            name: "ClientTests",
            dependencies: ["Client", "Platform", "JSON", "TestSupport", nioCore]
        ),
        .testTarget(
            name: "fanoutdTests",
            dependencies: [
                "fanoutd", "DeliveryCore", "DeliveryEngine", "HTTPAPI", "PostgresQueue",
                "PrometheusText", "JSON", "SystemdNotify", "Codecs", "Platform", "Client",
                "TencentIM", "TencentIMSimulator", "Webhooks", "QueueTables", "SQLiteQueue",
                "QueueFixtures", "TestSupport", argumentParser, logging, nioCore, lifecycle,
            ]
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Simulation", "DeliveryCore", "DeliveryEngine", "QueueTables", "SQLiteQueue",
                "PostgresQueue", "QueueFixtures", "TencentIM", "TestSupport",
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["fanoutd", "JSON", "DeliveryCore", "TestSupport"]
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "fanoutd", "HTTPAPI", "TencentIM", "TencentIMSimulator", "DeliveryEngine",
                "DeliveryCore", "JSON", "Client", "Compression", "Platform", "TestSupport",
                "EndpointFixtures", httpTypes, nioCore, logging,
            ]
        ),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = strict
}
