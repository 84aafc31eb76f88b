import Foundation
import Glibc
package import PostgresQueue
import Synchronization

/// A PostgreSQL of the test process's own, in a temporary folder: started when the first test asks
/// for it, and ended with the process, however that ends.
///
/// Each test has a schema of its own. Nothing is durable there. No second server exists, though one
/// is waited for: a transaction that sets `synchronous_commit` has a commit that never ends by itself.
package final class PostgresServer: Sendable {
    /// The folder of its socket and its data.
    package let folder: String
    private let lastSchema = Mutex(0)

    /// Why no server can be started here; nil if one can.
    package static let missing: String? = whatIsMissing()

    /// The server, started once.
    package static let shared = Result { try PostgresServer() }

    /// A schema's name that no other test has.
    package func makeSchema() -> String {
        lastSchema.withLock { last in
            last += 1
            return "app_\(last)"
        }
    }

    /// Options of a node for a schema of its own.
    package func makeOptions(
        schema: String? = nil,
        node: String = "node-1",
        stateDirectory: String = "/nowhere"
    ) -> PostgresOptions {
        PostgresOptions(
            url: "host=\(folder) user=postgres dbname=postgres",
            schema: schema ?? makeSchema(),
            synchronous: .optional,
            node: node,
            stateDirectory: stateDirectory
        )
    }

    private init() throws {
        guard let programs = Self.programs else { throw Failure(text: "no PostgreSQL is here") }
        var template = Array("/tmp/fanoutd-postgres-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(text: "no folder in /tmp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // It refuses to run as root.
        if geteuid() == 0, let entry = unsafe getpwnam("postgres") {
            unsafe chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid)
        }
        let (process, told) = (Process(), Pipe())
        (process.executableURL, process.arguments) = Self.command([
            "/bin/sh", "-c", Self.script, "sh", programs, folder,
        ])
        process.currentDirectoryURL = URL(filePath: "/")
        // Nothing is ever written: that this process has ended is what ends the server.
        process.standardInput = Self.lifeline
        process.standardOutput = told
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The script's copy alone is left, so that its end is seen here.
        try told.fileHandleForWriting.close()
        let line = try told.fileHandleForReading.read(upToCount: 6)
        guard line == Data("ready\n".utf8) else {
            throw Failure(text: "see \(folder)/log: no server came up")
        }
    }

    private static let lifeline = Pipe()

    private static let script = """
        cd "$2" && "$1/initdb" --auth=trust --no-sync --encoding=UTF8 --locale=C -D data >log 2>&1 &&
        "$1/pg_ctl" -D data -w -l server.log -o "-k '$2' -c listen_addresses= -c fsync=off \
        -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c max_connections=300 \
        -c synchronous_standby_names=nobody" start >>log 2>&1 && echo ready && exec >/dev/null &&
        cat >/dev/null; "$1/pg_ctl" -D data -m immediate stop >>log 2>&1; rm -rf "$2"
        """

    /// A command as the user that may run the server.
    private static func command(_ words: [String]) -> (URL, [String]) {
        let all = geteuid() == 0 ? ["/sbin/runuser", "-u", "postgres", "--"] + words : words
        return (URL(filePath: all[0]), Array(all.dropFirst()))
    }

    /// Where the newest PostgreSQL's programs are; nil if none is installed.
    private static var programs: String? {
        do {
            let all = "/usr/lib/postgresql"
            let versions = try FileManager.default.contentsOfDirectory(atPath: all)
            return versions.compactMap(Int.init).max().map { "\(all)/\($0)/bin" }
        } catch {
            return nil
        }
    }

    private static func whatIsMissing() -> String? {
        guard programs != nil else { return "no PostgreSQL is installed" }
        let process = Process()
        // On some machines nobody but root may write there, and initdb does.
        (process.executableURL, process.arguments) = command(["/bin/sh", "-c", ": >/dev/null"])
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus != 0 else { return nil }
            return "the user postgres can't write to /dev/null, as initdb must"
        } catch {
            return "no program can be run as the user postgres: \(error)"
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
