import SystemPackage

/// A file name from the command line or an environment variable.
package enum FileName {
    /// Refuses what can't name an existing file, with the cause; `option` is where it came from.
    ///
    /// An odd name is accepted if the file exists.
    package static func check(_ path: String, of option: String) throws(CommandFailure) {
        if FilePath(path).status != nil { return }
        try checkNew(path, of: option)
    }

    /// Refuses what must not become a new file's name.
    package static func checkNew(_ path: String, of option: String) throws(CommandFailure) {
        if path.isEmpty {
            throw CommandFailure(.usage, "\(option) is empty; give the name of a file")
        }
        if Redaction.looksSecret(path) {
            throw CommandFailure(
                .usage,
                "\(option) wants the name of a file and got what looks like a secret itself; "
                    + "write the secret into a file that only you can read, and name that"
            )
        }
        if path.unicodeScalars.contains("\u{FFFD}") {
            throw CommandFailure(
                .usage,
                "\(option): the file's name is not UTF-8 and can't be taken; rename the file, "
                    + "make a link to it with another name, or use standard input"
            )
        }
    }
}
