import Foundation

/// What `Package.swift` declares, as far as it can be held against what the files import.
struct Manifest {
    let targets: [Target]
    /// The last parts of the packages' addresses, by which products name them.
    let packages: [String]

    struct Target {
        let name: String
        let folder: String
        let dependencies: [Dependency]
    }

    /// A module of ours, or a product of another package.
    struct Dependency {
        let module: String
        let package: String?
    }

    /// An executable is declared by the tests that start it; nothing of it needs to be imported.
    private static let started = ["EndToEndTests": "fanoutd"]

    /// Reads the manifest's text, which the formatter keeps in one form.
    init(_ text: String) {
        var products: [Substring: Dependency] = [:]
        let product =
            #/let (\w+): Target\.Dependency = \.product\(\s*name: "(\w+)",\s*package: "([^"]+)"/#
        for match in text.matches(of: product) {
            products[match.1] = Dependency(
                module: String(match.2),
                package: String(match.3)
            )
        }
        packages = text.matches(of: #/\.package\(url: "[^"]*\/([^"\/]+)"/#).map { String($0.1) }
        let target =
            #/\.(target|executableTarget|testTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?(?:,\s*path: "([^"]+)")?/#
        targets = text.matches(of: target).map { match in
            let root = match.1 == "testTarget" ? "Tests" : "Sources"
            return Target(
                name: String(match.2),
                folder: match.4.map(String.init) ?? "\(root)/\(match.2)",
                dependencies: (match.3 ?? "").matches(of: #/"?(\w+)"?/#).map {
                    products[$0.1] ?? Dependency(module: String($0.1), package: nil)
                }
            )
        }
    }

    /// Every declaration that no file needs.
    func faults(imports: (Target) -> Set<String>) -> [String] {
        let idle = targets.flatMap { target in
            let imported = imports(target)
            return target.dependencies.map(\.module)
                .filter { !imported.contains($0) && Self.started[target.name] != $0 }
                .map { "\(target.name) depends on \($0), which none of its files imports" }
        }
        let used = Set(targets.flatMap(\.dependencies).compactMap(\.package))
        return idle
            + packages.filter { !used.contains($0) }.map { "no target uses the package \($0)" }
    }
}
