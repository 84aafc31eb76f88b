import ArgumentParser
import Client
import Platform
import SQLiteQueue

/// Copies the store, also while the daemon uses it.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make a consistent copy of the store while it is in use.",
        discussion: """
            Copies the file at store.path as it is at one moment; the daemon goes on meanwhile. The \
            copy is checked, readable by its owner only, and gets its name when it is whole. Keep \
            the configuration, the secret key and the token file beside it: they aren't in it.

            A daemon that is started on the copy knows nothing of what came after it: recipients \
            sent since are sent again, and campaigns made since are missing. It sends nothing for \
            the first 75 seconds, since it can't know what the old one sent. With --paused it sends \
            nothing at all until fanoutd resume --all; use that for backups that are kept for bad \
            days.

            A PostgreSQL is copied with pg_dump or by its own point-in-time recovery.

              fanoutd backup --paused /var/backups/fanoutd-$(date +%F).sqlite
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(
        help: ArgumentHelp("The copy, where nothing is yet.", valueName: "file"),
        completion: .file()
    )
    var file: String

    @Flag(help: "The copy has all sending paused, until an operator resumes it.")
    var paused = false

    func run() async throws {
        guard file != "-" else {
            throw CommandFailure(
                .usage,
                "a backup is a file, which is checked when it is whole, and can't go to standard "
                    + "output; give a name, ./- for a file of that name"
            )
        }
        try FileName.checkNew(file, of: "the copy's name")
        let configuration = try options.load().configuration
        guard !configuration.isShared else {
            throw CommandFailure(
                .configuration,
                "the store is a PostgreSQL, and a backup is of a file; copy it with pg_dump"
                    + " --schema=\(configuration.schema), or by the database's own point-in-time"
                    + " recovery"
            )
        }
        let store = configuration.store.path
        do throws(CopyError) {
            let copy = try StoreCopy(of: store, at: file)
            try await fill(copy)
            try copy.finish(isPaused: paused)
            StandardError.writeLine("\(file): \(copy.total.grouped) bytes copied and checked")
        } catch {
            throw Self.failure(error)
        }
    }

    /// Rests after each step for as long as the step took, which leaves half of the disk's time to
    /// the daemon.
    private func fill(_ copy: StoreCopy) async throws(CopyError) {
        let clock = ContinuousClock()
        var display = ProgressDisplay()
        defer { display.clear() }
        while true {
            let start = clock.now
            guard try copy.step() else { return }
            display.show(Progress(done: copy.done, total: copy.total, unit: .bytes))
            do {
                try await clock.sleep(for: start.duration(to: clock.now))
            } catch {
                // A command's task is never cancelled.
            }
        }
    }

    /// The exit code tells the remedy: another name, another try, other permissions.
    static func failure(_ error: CopyError) -> CommandFailure {
        let code: CommandFailure.Code =
            switch error {
            case .exists: .usage
            case .inProgress, .noRoom, .failed, .source(.diskFailed): .tryAgain
            case .refused, .unreadable: .refused
            case .noStore, .source: .configuration
            case .damaged: .badData
            }
        return CommandFailure(code, error.description)
    }
}
