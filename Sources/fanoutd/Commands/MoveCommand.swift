import ArgumentParser
import Client
import Platform
import PostgresQueue
import QueueTables
import SQLiteQueue

/// Takes the store of a file into a PostgreSQL.
struct MoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Take a stopped store of SQLite into an empty schema of PostgreSQL.",
        discussion: """
            Stop the daemon first. --from is its configuration, --to one with store.postgres.url for \
            the same app. All rows are taken in one transaction: whole, or not at all. The file is \
            only read and stays as it is; nothing may be started on it again afterwards, since it \
            would send what is left once more. Variables don't count for either configuration.

              systemctl stop fanoutd@a
              fanoutd move --from /etc/fanoutd/a.yaml --to /etc/fanoutd/new.yaml
            """
    )

    @Option(
        help: ArgumentHelp("The configuration whose store is a file.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var from: String

    @Option(
        help: ArgumentHelp("The configuration whose store is a PostgreSQL.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var to: String

    func run() throws {
        let source = try Self.load(from, of: "--from")
        let target = try Self.load(to, of: "--to")
        guard !source.isShared else {
            throw CommandFailure(
                .configuration,
                "--from: the store of \(from) is a PostgreSQL; give a configuration whose store is a"
                    + " file, and move between servers with pg_dump"
            )
        }
        guard let options = target.postgresOptions else {
            throw CommandFailure(
                .configuration,
                "--to: \(to) has no \(ConfigurationKey.urlName); give it one"
            )
        }
        guard source.provider.sdkAppId == target.provider.sdkAppId else {
            throw CommandFailure(
                .configuration,
                "tencent.sdkAppId is \(source.provider.sdkAppId) in \(from) and"
                    + " \(target.provider.sdkAppId) in \(to); a queue stays with its app"
            )
        }
        do {
            let (counts, recipients) = try Self.move(source.store.path, to: options)
            for count in counts where count.rows > 0 {
                StandardError.writeLine("\(count.table): \(count.rows.grouped)")
            }
            let rows = counts.map(\.rows).reduce(0, +)
            try StandardOutput.writeLine(
                "\(recipients.grouped) recipients are in the schema \(options.schema), by"
                    + " \(rows.grouped) rows of \(counts.count) tables, as many as"
                    + " \(source.store.path) has; start no daemon on that file again"
            )
        } catch {
            throw Self.failure(error, source)
        }
    }

    private static func load(
        _ file: String,
        of option: String
    ) throws(CommandFailure) -> Configuration {
        var options = ConfigurationOptions()
        options.config = file
        do throws(CommandFailure) {
            return try options.load(environment: [:]).configuration
        } catch {
            throw CommandFailure(error.code, "\(option): \(error.message)")
        }
    }

    private static func move(
        _ path: String,
        to options: PostgresOptions
    ) throws -> (counts: [StoreTransfer.Count], recipients: Int) {
        let store = try StoppedStore(at: path)
        var display = ProgressDisplay()
        defer { display.clear() }
        return try PostgresFilling.fill(options) { target in
            try store.read { source, tables in
                let transfer = StoreTransfer(of: tables, from: source, to: target)
                let counts = try transfer.run { done, total in
                    display.show(Progress(done: done, total: total, unit: .rows))
                }
                return (counts, try StoreTransfer.recipientCount(of: source))
            }
        }
    }

    private static func failure(_ error: any Error, _ source: Configuration) -> CommandFailure {
        guard let mismatch = error as? StoreTransfer.Mismatch else {
            return DaemonEnd.failure(error, source)
        }
        return CommandFailure(
            .badData,
            "\(mismatch); nothing was moved: check the file with sqlite3 and PRAGMA integrity_check"
        )
    }
}
