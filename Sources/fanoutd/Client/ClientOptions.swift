package import ArgumentParser
import Foundation

/// The options of every command that speaks to a daemon.
package struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the daemon listens: http://HOST:PORT or unix:/PATH.",
            discussion: "Otherwise FANOUTD_URL, otherwise http://127.0.0.1:8480.",
            valueName: "url"
        )
    )
    package var url: String?

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
    package var tokenFile: String?

    @Flag(help: "Print the endpoint's answer as JSON.")
    package var json = false

    package init() {}

    /// The daemon that options and environment name.
    package func client() throws(CommandFailure) -> DaemonClient {
        let environment = ProcessInfo.processInfo.environment
        let text = url ?? environment.filled("FANOUTD_URL") ?? DaemonAddress.standard
        guard let address = DaemonAddress(text) else {
            throw CommandFailure(
                .usage,
                "'\(text)' is no address of a daemon; give http://HOST:PORT or unix:/PATH"
            )
        }
        let token = try ClientToken.find(file: tokenFile, environment: environment)
        if token != nil, !address.isPrivate {
            StandardError.writeLine(
                "fanoutd: warning: the token goes to \(address) unencrypted"
            )
        }
        return DaemonClient(address: address, token: token)
    }
}

/// Finds the token in the places that the contract names, in its order.
package enum ClientToken {
    /// Where a daemon with the standard configuration keeps its token.
    package static let standardFile = "/var/lib/fanoutd/token"

    /// The token; nil if there is none, which is right for a Unix socket.
    package static func find(
        file: String?,
        environment: [String: String],
        standardFile: String = standardFile
    ) throws(CommandFailure) -> Secret? {
        if let path = file ?? environment.filled("FANOUTD_TOKEN_FILE") {
            try FileName.check(path, of: file == nil ? "FANOUTD_TOKEN_FILE" : "--token-file")
            return try read(path)
        }
        if let text = environment.filled("FANOUTD_TOKEN") {
            if let token = token(in: text) { return token }
            throw CommandFailure(.usage, "FANOUTD_TOKEN \(noToken)")
        }
        do {
            return try read(standardFile)
        } catch  where error.code == .usage {
            // Not there or not for this user: the daemon's answer says what is missing.
            return nil
        }
    }

    private static func read(_ path: String) throws(CommandFailure) -> Secret {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: 4_096)
        } catch {
            throw CommandFailure(.usage, "the token can't be read: \(error)")
        }
        if let fault = SecretText.fault(in: bytes, of: path) {
            throw CommandFailure(.configuration, "\(fault.problem); \(fault.remedy)")
        }
        guard let token = SecretText.onlyWord(of: bytes) else {
            throw CommandFailure(.configuration, "\(path): it \(noToken)")
        }
        return token
    }

    private static let noToken = "doesn't hold exactly one token"

    /// The only word of a text, if a header can carry it.
    private static func token(in text: String) -> Secret? {
        let bytes = Array(text.utf8)
        return SecretText.fault(in: bytes, of: "") == nil ? SecretText.onlyWord(of: bytes) : nil
    }
}

extension [String: String] {
    /// A variable's value; an empty one counts as not set, as scripts leave it.
    fileprivate func filled(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
