import Foundation
import Glibc
import TestSupport
import Testing
import fanoutd

/// The built executable, as a user runs it.
@Suite struct ExecutableTests {
    struct Run {
        let code: Int32
        let output: String
        let error: String
    }

    private static func run(
        _ arguments: [String],
        of program: URL? = nil,
        environment: [String: String] = [:]
    ) throws -> Run {
        let process = Process()
        process.executableURL = try program ?? executable
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let output = Pipe()
        let error = Pipe()
        process.standardOutput = output
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
        let errorBytes = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(
            code: process.terminationStatus,
            output: String(decoding: outputBytes, as: UTF8.self),
            error: String(decoding: errorBytes, as: UTF8.self)
        )
    }

    /// Beside the test bundle, which is the first argument's folder or the bundle's own.
    private static var executable: URL {
        get throws {
            let bundles = CommandLine.arguments.map { URL(filePath: $0) } + [Bundle.main.bundleURL]
            let found = bundles.lazy
                .flatMap { [$0, $0.deletingLastPathComponent()] }
                .map { $0.appending(path: "fanoutd") }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) && !$0.isFolder }
            return try #require(found, "no fanoutd beside the tests; build it first")
        }
    }

    @Test func `check-config of a file with a typo exits 78 and names it`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", "0123456789abcdef")
        let path = try folder.write(
            "fanoutd.yaml",
            "tencent:\n  sdkAppId: 1\n  secretKeyFile: secret-key\nlimits:\n  brust: 5\n"
        )
        let run = try Self.run(["check-config", "--config", path])
        #expect(run.code == 78)
        #expect(run.output == "")
        #expect(
            run.error == "fanoutd: the configuration has a fault:\n"
                + "\(path):5: limits.brust: unknown key; did you mean limits.burst?\n"
        )
        #expect(try Self.run(["serve", "--config", path]).code == 78)
    }

    @Test func `check-config of a good file prints it without secrets`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", "0123456789abcdef")
        let path = try folder.write(
            "fanoutd.yaml",
            "tencent:\n  sdkAppId: 1\n  secretKeyFile: secret-key\n"
        )
        let run = try Self.run(
            ["check-config", "--config", path, "--stop-timeout", "15"],
            environment: ["FANOUTD_LIMITS_BURST": "600"]
        )
        #expect(run.code == 0)
        #expect(run.output.contains("  burst: 600  "))
        #expect(!run.output.contains("0123456789abcdef"))
        #expect(run.error.hasPrefix("fanoutd: warning: tencent.timeoutSeconds: "))
    }

    @Test func `check-config warns of a secret that every user can read`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let key = try folder.write("secret-key", "0123456789abcdef")
        let path = try folder.write(
            "fanoutd.yaml",
            "tencent:\n  sdkAppId: 1\n  secretKeyFile: secret-key\n"
        )
        for (mode, warns) in [(mode_t(0o644), true), (0o640, false)] {
            try #require(unsafe chmod(key, mode) == 0)
            let run = try Self.run(["check-config", "--config", path])
            #expect(run.code == 0)
            let warning = "fanoutd: warning: tencent.secretKeyFile: every user can read \(key)"
            #expect(run.error.hasPrefix(warning) == warns)
        }
    }

    @Test func `usersig prints one signature and nothing else`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", "0123456789abcdef")
        let path = try folder.write(
            "fanoutd.yaml",
            "tencent:\n  sdkAppId: 1\n  secretKeyFile: secret-key\n"
        )
        let run = try Self.run(["usersig", "--config", path, "--expire", "60"])
        #expect(run.code == 0)
        #expect(run.error.isEmpty)
        #expect(run.output.wholeMatch(of: #/[A-Za-z0-9*\-_]{100,}\n/#) != nil)
        #expect(try Self.run(["usersig", "--config", path, "--expire", "0"]).code == 64)
    }

    @Test func `check-config refuses a token that serve would refuse`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", "0123456789abcdef")
        let token = try folder.write("token", "0123456789abcdef")
        let path = try folder.write(
            "fanoutd.yaml",
            "tencent:\n  sdkAppId: 1\n  secretKeyFile: secret-key\nstore:\n  path: fanoutd.sqlite\n"
        )
        for (mode, code) in [(0o644, 78), (0o600, 0)] as [(Int, Int32)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: token)
            #expect(try Self.run(["check-config", "--config", path]).code == code)
        }
    }

    @Test(
        arguments: [
            (["frobnicate"], 64), (["show"], 64), (["pause"], 64), (["pause", "x", "--all"], 64),
            (["demo", "--recipients", "0"], 64), (["list", "--url", "nonsense"], 64),
            (["list", "--token-file", "/nonexistent"], 64),
            (["list", "--url", "unix:/nonexistent.sock"], 69),
            (["submit", "--message", "/nonexistent", "--to", "/dev/null"], 65),
            (["submit", "--message", "-", "--to", "-"], 64), (["list", "--limit", "0"], 64),
            (["plan", "--message", "-", "--to", "-"], 64), (["usersig", "--identifier", ""], 64),
            (["serve", "--config", "/nonexistent"], 78), (["--help"], 0), (["--version"], 0),
            (["help", "submit"], 0),
        ] as [([String], Int32)]
    )
    func `a command line has its exit code`(_ arguments: [String], _ code: Int32) throws {
        let run = try Self.run(arguments)
        #expect(run.code == code, "\(run.error)")
        #expect((code == 0) == run.error.isEmpty)
    }

    @Test func `the man page is made of what the commands say of themselves`() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try Self.run(
            [try Self.executable.path],
            of: root.appending(path: "systemd/manual")
        )
        #expect(page.code == 0, "\(page.error)")
        let help = try Self.run(["--help"]).output
        let commands = help.matches(of: #/\n  ([a-z][a-z-]+) {2,}/#).map { String($0.1) }
        #expect(commands.contains("check-config") && commands.count > 15)
        for command in commands {
            let name = command.replacing("-", with: #"\-"#)
            #expect(page.output.contains(".Ss fanoutd \(name)\n"), "\(name)")
        }
        #expect(page.output.contains(".Sh EXIT STATUS\n0 done"))
        // What a line begins with must never be taken for a request that the page doesn't mean.
        let requests = page.output.split(separator: "\n").filter { $0.hasPrefix(".") }
        #expect(requests.allSatisfy { $0.prefixMatch(of: #/\.[A-Z][a-z]( |$)/#) != nil })
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions are made of the same source`(shell: String) throws {
        let script = try Self.run(["--generate-completion-script", shell])
        #expect(script.code == 0)
        for word in ["submit", "check-config", "token-file", "on-unknown"] {
            #expect(script.output.contains(word), "\(word)")
        }
    }
}

extension URL {
    fileprivate var isFolder: Bool {
        var isDirectory: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
