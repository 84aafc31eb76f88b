package import Platform

/// Finds the token in the contract's places, in their order.
package enum ClientToken {
    /// The token file of a daemon with the default configuration.
    package static let standardFile = "/var/lib/fanoutd/token"

    /// The token; nil if there is none, as a Unix socket allows.
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
            // Missing or unreadable for this user: the daemon's answer tells that a token is
            // needed.
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
    /// A variable's value; an empty one counts as unset, since scripts leave such.
    package func filled(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
