import Foundation
import Glibc

/// A PostgreSQL of a test's own: a fresh cluster in a temporary folder, which no server runs on.
///
/// Its single-user mode reads commands and says what is wrong with them.
final class PostgresCluster {
    private let folder: URL
    private let programs: URL

    /// Where the newest PostgreSQL's programs are; nil if none is installed.
    static var programs: URL? {
        let all = URL(filePath: "/usr/lib/postgresql")
        do {
            let versions = try FileManager.default.contentsOfDirectory(atPath: all.path)
            let newest = versions.compactMap(Int.init).max()
            return newest.map { all.appending(path: "\($0)/bin") }
        } catch {
            return nil
        }
    }

    /// Why no cluster can be made here; nil if one can.
    static var obstacle: String? {
        guard programs != nil else { return "no PostgreSQL is installed" }
        guard geteuid() == 0 else { return nil }
        // On some machines root alone may write there, and PostgreSQL's programs don't run as root.
        do {
            let process = Process()
            process.executableURL = URL(filePath: "/sbin/runuser")
            process.arguments = ["-u", "postgres", "--", "sh", "-c", ": >/dev/null"]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus == 0 ? nil : "its user can't write to /dev/null"
        } catch {
            return "nothing runs as its user: \(error)"
        }
    }

    init(programs: URL) throws {
        self.programs = programs
        folder = URL(filePath: "/tmp/fanoutd-postgres-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // It refuses to run as root.
        if geteuid() == 0 { _ = try run("/bin/chown", ["postgres", folder.path]) }
        let text = try program(
            "initdb",
            ["--auth=trust", "--no-sync", "--encoding=UTF8", "-D", data.path]
        )
        guard FileManager.default.fileExists(atPath: data.path) else {
            throw Failure(description: "initdb made no cluster: \(text)")
        }
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            print("left behind: \(folder.path): \(error)")
        }
    }

    private var data: URL { folder.appending(path: "data") }

    /// Carries out commands, each of which ends with a semicolon and an empty line, and answers what
    /// PostgreSQL had to say against them.
    func complaints(about commands: String) throws -> [String] {
        let text = try program(
            "postgres",
            ["--single", "-j", "-c", "fsync=off", "-D", data.path, "postgres"],
            input: commands + "SELECT \"\(Self.end)\";\n\n"
        )
        let complaints = text.split(separator: "\n").map(String.init).filter {
            $0.contains(#/\b(ERROR|FATAL|PANIC):/#)
        }
        guard complaints.last?.contains(Self.end) == true else {
            throw Failure(description: "not everything was read: \(text)")
        }
        return complaints.dropLast()
    }

    /// A column that there is none of: that it is missed shows that all commands were read.
    private static let end = "the end"

    private func program(_ name: String, _ arguments: [String], input: String = "") throws -> String
    {
        let path = programs.appending(path: name).path
        guard geteuid() == 0 else { return try run(path, arguments, input: input) }
        return try run("/sbin/runuser", ["-u", "postgres", "--", path] + arguments, input: input)
    }

    /// Runs a program to its end and answers what it wrote to standard error.
    private func run(_ path: String, _ arguments: [String], input: String = "") throws -> String {
        let (script, errors) = (folder.appending(path: "in"), folder.appending(path: "errors"))
        try Data(input.utf8).write(to: script)
        try Data().write(to: errors)
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = try FileHandle(forReadingFrom: script)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return try String(contentsOf: errors, encoding: .utf8)
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
