import ArgumentParser
import Client
import Foundation
import Platform

/// The options of every command that speaks to a daemon.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the daemon listens: http://HOST:PORT or unix:/PATH.",
            discussion: """
                Otherwise FANOUTD_URL, otherwise http://127.0.0.1:8480. Of several nodes give all, \
                separated by commas: the one that leads is found.
                """,
            valueName: "url"
        )
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The file that holds the daemon's token.",
            discussion: """
                Otherwise FANOUTD_TOKEN_FILE, the token itself in FANOUTD_TOKEN, or \
                /var/lib/fanoutd/token where it can be read. A Unix socket asks for none.
                """,
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenFile: String?

    @Flag(help: "Print the endpoint's answer as JSON.")
    var json = false

    /// A client of the daemon that options and environment name.
    func client() throws(CommandFailure) -> DaemonClient {
        let environment = ProcessInfo.processInfo.environment
        let text = url ?? environment.filled("FANOUTD_URL") ?? DaemonAddress.standard
        guard let (first, others) = DaemonAddress.list(text) else {
            throw CommandFailure(
                .usage,
                "'\(text)' is no address of a daemon; give http://HOST:PORT or unix:/PATH, several"
                    + " separated by commas"
            )
        }
        let token = try ClientToken.find(file: tokenFile, environment: environment)
        for address in [first] + others where token != nil && !address.isPrivate {
            StandardError.writeLine(
                "fanoutd: warning: the token goes to \(address) unencrypted"
            )
        }
        return DaemonClient(address: first, others: others, token: token)
    }
}
