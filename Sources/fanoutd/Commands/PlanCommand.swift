import ArgumentParser
package import Client
import DeliveryCore
import DeliveryEngine
import HTTPAPI
import JSON
import NIOCore
import Platform

/// Shows batches, bytes and time of a campaign without creating it.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say how many calls a message would take, how large and how long.",
        discussion: """
            Give the recipients as a list, which submit would take, or how many they are:
              fanoutd plan --message message.json --to users.txt
              fanoutd plan --message message.json --count 1000000 --mean-account-bytes 12

            The time is that of a service which does nothing else. Nothing is stored.
            """
    )

    @OptionGroup var options: ClientOptions

    @Option(
        help: ArgumentHelp("The message, a JSON file; - is standard input.", valueName: "file"),
        completion: .file(extensions: ["json"])
    )
    var message: String

    @Option(
        help: ArgumentHelp(
            "The recipients, up to 900 kB of them; - is standard input.",
            valueName: "file"
        ),
        completion: .file()
    )
    var to: String?

    @Option(help: "How the recipients are written: text, ndjson or csv.")
    var format: RecipientFile.Format?

    @Option(help: ArgumentHelp("How many recipients there are.", valueName: "number"))
    var count: Int?

    @Option(help: ArgumentHelp("How long a UserID is on average.", valueName: "bytes"))
    var meanAccountBytes: Double = 16

    @Option(help: SendingHoursArgument.help, transform: SendingHoursArgument.init(parsing:))
    var sendBetween: SendingHoursArgument?

    /// Fits `http.maxBodyBytes` with room for the message.
    private static let sizeLimit = 900_000

    func validate() throws {
        guard (to == nil) != (count == nil) else {
            throw ValidationError("give --to or --count, one of them")
        }
        guard message != "-" || to != "-" else {
            throw ValidationError("only one of --message and --to can be standard input")
        }
    }

    func run() async throws {
        let message = try MessageFile.read(message)
        var accounts: [[UInt8]]?
        if let to { accounts = try await self.accounts(in: to) }
        let text = JSONText { text in
            text.object {
                $0.field("message", json: message)
                if let sendBetween { $0.field("send_between") { sendBetween.write(to: &$0) } }
                if let accounts {
                    $0.array("recipients", of: accounts) { $0.string($1) }
                } else if let count {
                    $0.field("count", count)
                    $0.field("mean_account_bytes", json: "\(meanAccountBytes)".utf8)
                }
            }
        }
        let request = DaemonClient.Request(
            "POST",
            "/v1/plan",
            answer: .object(with: "batches"),
            body: .json(text.bytes)
        )
        try await options.post(request)
    }

    /// The accounts of a list, parsed as the daemon parses a stream.
    private func accounts(in path: String) async throws -> [[UInt8]] {
        let file = try RecipientFile(path: path, format: format)
        file.tellHint()
        let (accounts, invalid) = try await ListAccounts.read(file, limit: Self.sizeLimit)
        if invalid > 0 {
            StandardError.writeLine(
                "fanoutd: \(invalid.grouped) invalid line\(invalid == 1 ? "" : "s") left out"
            )
        }
        return accounts
    }
}

/// A short list's accounts in memory, parsed by the daemon's own readers.
package enum ListAccounts {
    /// Each account once, in the list's order, and how many lines were invalid; `limit` is on the
    /// bytes of all accounts.
    package static func read(
        _ file: RecipientFile,
        limit: Int
    ) async throws -> (accounts: [[UInt8]], invalid: Int) {
        let rules = ProviderModule.installed.rules.accounts
        var reader: any AccountReader =
            switch file.format {
            case .text: AccountLines(form: .text, rules: rules)
            case .ndjson: AccountLines(form: .ndjson, rules: rules)
            case .csv: AccountTable(rules: rules)
            }
        var text = ListText(name: file.description, isCompressed: file.isCompressed)
        for try await piece in file.chunks(counting: ByteCounter()) {
            try text.take(Array(piece.readableBytesView)) { bytes in
                unsafe bytes.withUnsafeBytes { unsafe reader.read($0) }
            }
            // The bytes of each account and its quotes and comma in a body of JSON.
            guard reader.run.bytes.count + 3 * reader.run.count <= limit else {
                throw CommandFailure(
                    .badData,
                    "\(file) holds more than \(limit.grouped) bytes; for so large a list give "
                        + "--count instead"
                )
            }
        }
        reader.finish()
        let run = reader.run
        var seen: Set<[UInt8]> = []
        let accounts = run.map(\.bytes).filter { seen.insert($0).inserted }
        return (accounts, reader.invalid.count)
    }
}
