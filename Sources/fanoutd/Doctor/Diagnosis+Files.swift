package import Platform

// The configuration, and the files of secrets that it names.
extension Diagnosis {
    /// The check to which a fault of the configuration belongs.
    ///
    /// Only the faults of files of secrets leave the rest of a configuration as it was meant.
    package static func check(of fault: ConfigurationFault) -> Check {
        switch fault.key {
        case Configuration.ProviderSection.secretKeyName: .secretKey
        case ConfigurationKey.tokensFileName: .tokens
        default: .configuration
        }
    }

    /// What is wrong with the configuration itself, or what is odd about it.
    package static func configuration(
        _ file: String,
        faults: [ConfigurationFault],
        warnings: [String]
    ) -> [Diagnosis] {
        let faults = lines(.configuration, faults)
        if !faults.isEmpty { return faults }
        let odd = warnings.map { Diagnosis(.configuration, .warning, $0) }
        return odd.isEmpty ? [Diagnosis(.configuration, .ok, "\(file) is as it should be")] : odd
    }

    /// A fault of the configuration in a line of its own for each.
    package static func lines(_ check: Check, _ faults: [ConfigurationFault]) -> [Diagnosis] {
        faults.filter { self.check(of: $0) == check }.map { fault in
            let key = fault.key.isEmpty ? "" : "\(fault.key): "
            return Diagnosis(
                check,
                .fault(.configuration),
                "\(fault.place): \(key)\(fault.problem)",
                remedy: fault.remedy
            )
        }
    }

    /// A secret key that was read; `mode` has the file's permissions in octal digits.
    package static func secretKey(
        _ file: String,
        byteCount: Int,
        mode: String,
        exposures: [Finding]
    ) -> [Diagnosis] {
        let exposed = exposures.map { Diagnosis(.secretKey, .warning, $0) }
        guard exposed.isEmpty else { return exposed }
        return [Diagnosis(.secretKey, .ok, "\(file) holds \(byteCount) bytes, its mode is \(mode)")]
    }

    /// What to do where the folder of a file that the first start makes isn't there.
    static let folderRemedy =
        "make it, for the service's user to write to (a unit's StateDirectory is made by its first"
        + " start)"

    /// The tokens of a node that has none of its own.
    static func furtherTokens(_ count: Int) -> Diagnosis {
        Diagnosis(.tokens, .ok, "\(count) in \(ConfigurationKey.tokensFileName)")
    }

    /// What a user finds of the daemon's own token, and how many further ones there are.
    package static func tokens(
        _ file: String,
        _ found: Result<TokenFile.Presence, CommandFailure>,
        hasFolder: Bool,
        furtherCount: Int
    ) -> Diagnosis {
        let further = furtherCount == 0 ? "" : ", \(furtherCount) more in http.tokensFile"
        switch found {
        case .success(.there):
            return Diagnosis(.tokens, .ok, "\(file) holds a token for its owner alone" + further)
        case .success(.missing) where hasFolder:
            return Diagnosis(.tokens, .ok, "the first start makes \(file)" + further)
        case .success(.missing):
            return Diagnosis(
                .tokens,
                .fault(.configuration),
                "http.tokenFile: the folder of \(file) isn't there",
                remedy: "\(folderRemedy), or name another file"
            )
        case .success(.outOfReach):
            return Diagnosis(
                .tokens,
                .warning,
                "http.tokenFile: this user can't look into the folder of \(file)",
                remedy: "run this as root, or as the service's user"
            )
        case .failure(let failure):
            let finding = Finding(splitting: failure.message, at: "; ")
            return Diagnosis(.tokens, .fault(.configuration), finding)
        }
    }
}
