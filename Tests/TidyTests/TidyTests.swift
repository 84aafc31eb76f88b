import Foundation
import Testing

/// Rules that the formatter and the compiler cannot express, checked over every file.
///
/// A line that must break a ban ends in `// tidy: <reason>`.
@Suite struct TidyTests {
    private static let sources = "Sources"
    private static let tests = "Tests"

    @Test func `no file holds what is banned`() throws {
        for file in try SourceFile.all(under: Self.sources) + SourceFile.all(under: Self.tests)
        where file.target != "TidyTests" {
            for ban in Ban.all {
                for fault in try ban.faults(in: file) { Issue.record("\(fault)") }
            }
            for (index, line) in file.lines.enumerated()
            where line.contains("TODO") || line.contains("FIXME") {
                if line.contains(#/#\d/#), !line.contains("FIXME") { continue }
                Issue.record("\(file.path):\(index + 1): unfinished: finish it, or name an issue")
            }
        }
    }

    @Test func `imports go one way`() throws {
        let files = try SourceFile.all(under: Self.sources)
        #expect(files.count > 20)
        for file in files {
            for fault in Imports.faults(in: file) { Issue.record("\(fault)") }
        }
    }

    @Test func `nothing is declared that no file imports`() throws {
        let url = SourceFile.root.appending(path: "Package.swift")
        let manifest = Manifest(try String(contentsOf: url, encoding: .utf8))
        #expect(manifest.targets.count > 20)
        #expect(manifest.packages.count > 9)
        let files = try SourceFile.all(under: Self.sources) + SourceFile.all(under: Self.tests)
        let faults = manifest.faults { target in
            let own = files.filter { $0.path.hasPrefix(target.folder + "/") }
            return Set(own.flatMap(\.imports).map(\.module))
        }
        for fault in faults { Issue.record("\(fault)") }
    }

    @Test func `every type that other modules see says what it is`() throws {
        for file in try SourceFile.all(under: Self.sources) {
            for fault in Self.undocumented(in: file) { Issue.record("\(fault)") }
        }
    }

    @Test func `the formatter has nothing to say`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swift", "format", "lint", "--strict", "--recursive", "--parallel"]
        process.arguments?.append(contentsOf: [Self.sources, Self.tests, "Package.swift"])
        process.currentDirectoryURL = SourceFile.root
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    }

    // A check that finds nothing may just be broken: each is shown something to find.

    @Test(
        arguments: [
            ("unstructured task", "Task { await run() }"),
            ("unstructured task", "Task.detached(priority: .low) {"),
            ("unstructured task", "let task = Task<Void, Never> {"),
            ("real sleep", "try await Task.sleep(for: .seconds(1))"),
            ("swallowed error", "let x = try? read()"), ("forced try", "let x = try! read()"),
            ("fatal error", "fatalError(reason)"), ("unchecked", "class A: @unchecked Sendable {"),
            ("unchecked", "nonisolated(unsafe) var x = 1"),
            ("testable import", "@testable import A"),
            ("unseeded randomness", "Int.random(in: 0..<5)"), ("unseeded randomness", "UUID()"),
            ("clock in the core", "let now = Date()"), ("concurrency in the core", "await x()"),
            ("output of the core", "print(x)"),
            ("the provider's word", "let msgSeq = 1"),
            ("the provider's word", "/// Tencent wants a UserSig."),
            ("the provider's word", "let path = \"/v4/x\""),
        ]
    )
    func `a ban finds what it is for`(_ name: String, _ line: String) throws {
        let file = SourceFile(path: "Sources/DeliveryCore/Planted.swift", text: "\n    \(line)\n")
        let bans = Ban.all.filter { $0.name == name }
        #expect(!bans.isEmpty)
        let faults = try bans.flatMap { try $0.faults(in: file) }
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("Sources/DeliveryCore/Planted.swift:2: \(name): ") == true)
    }

    @Test(
        arguments: [
            "withTaskGroup(of: Int.self) { group in", "group.addTask { run() }",
            "// try? is banned", "let x = \"try? Task {\"", "try? close()  // tidy: closing twice",
            "let x = Int.random(in: 0..<5, using: &generator)", "struct Update {}",
        ]
    )
    func `a ban leaves the rest alone`(_ line: String) throws {
        let file = SourceFile(path: "Sources/DeliveryCore/Planted.swift", text: line)
        #expect(try Ban.all.flatMap { try $0.faults(in: file) }.isEmpty)
    }

    @Test func `the database's clock is found in a text`() throws {
        let file = SourceFile(
            path: "Sources/QueueTables/Planted.swift",
            text: "let sql = \"SELECT datetime('now')\""
        )
        #expect(try Ban.all.flatMap { try $0.faults(in: file) }.count == 1)
    }

    @Test(
        arguments: [
            ("DeliveryCore", "import Foundation", 1), ("JSON", "import Foundation", 1),
            ("DeliveryEngine", "package import DeliveryCore", 0),
            ("DeliveryEngine", "import QueueTables", 1), ("HTTPAPI", "import CSQLite", 1),
            ("HTTPAPI", "package import TencentIM", 1), ("TencentIM", "import struct JSON.JSON", 0),
            ("SQLiteQueue", "import CSQLite", 0), ("SQLiteQueue", "import JSON", 1),
            ("QueueTables", "import CSQLite", 1), ("QueueTables", "import SQLiteQueue", 1),
            ("fanoutd", "import HTTPAPI", 0), ("Client", "import HTTPAPI", 1),
            ("Client", "import Platform", 0), ("Client", "import DeliveryCore", 1),
            ("HTTPAPI", "import CZlib", 1), ("HTTPAPI", "import CSHA256", 1),
            ("Digests", "import CSHA256", 0), ("Unheard", "import Foundation", 1),
        ]
    )
    func `an import is judged`(_ target: String, _ line: String, _ count: Int) {
        let file = SourceFile(path: "Sources/\(target)/Planted.swift", text: line)
        #expect(Imports.faults(in: file).count == count)
    }

    @Test func `a dependency that nobody imports is found`() {
        let manifest = Manifest(
            """
            let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
            let nioCore: Target.Dependency = .product(
                name: "NIOCore",
                package: "swift-nio"
            )
                .package(url: "https://example.com/jpsim/Yams", exact: "6.2.2"),
                .package(url: "https://example.com/apple/swift-nio", exact: "2.101.2"),
                .package(url: "https://example.com/apple/swift-system", exact: "1.8.1"),
                .target(name: "A"),
                .target(
                    name: "B",
                    dependencies: [
                        "A", yams,
                        nioCore,
                    ]
                ),
                .target(name: "C", dependencies: ["A"], path: "Tests/C"),
            """
        )
        #expect(manifest.targets.map(\.folder) == ["Sources/A", "Sources/B", "Tests/C"])
        #expect(manifest.faults { $0.name == "B" ? ["A", "Yams", "NIOCore"] : ["A"] }.count == 1)
        #expect(
            manifest.faults { _ in ["NIOCore"] } == [
                "B depends on A, which none of its files imports",
                "B depends on Yams, which none of its files imports",
                "C depends on A, which none of its files imports",
                "no target uses the package swift-system",
            ]
        )
    }

    @Test func `a type without a doc comment is found`() {
        let text = """
            /// What it is.
            package struct A {
                package let b: Int

                package enum C {}
            }

            package final class D {}
            @main package struct E {}
            """
        let file = SourceFile(path: "Sources/HTTPAPI/Planted.swift", text: text)
        #expect(Self.undocumented(in: file).count == 2)
    }

    /// Top-level `package` types without a doc comment; a nested one may be told by its type's.
    private static func undocumented(in file: SourceFile) -> [String] {
        file.lines.indices.compactMap { index in
            let line = file.lines[index]
            guard line.contains("package ") else { return nil }
            let declaration = line.prefixMatch(
                of:
                    #/(?:@\w+ )*package (?:final |indirect )*(struct|class|enum|actor|protocol) (\w+)/#
            )
            guard let declaration else { return nil }
            var before = index - 1
            while before >= 0, file.lines[before].hasPrefix("@") { before -= 1 }
            guard before < 0 || !file.lines[before].hasPrefix("///") else { return nil }
            return "\(file.path):\(index + 1): \(declaration.2) has no doc comment: say what it is"
        }
    }
}
