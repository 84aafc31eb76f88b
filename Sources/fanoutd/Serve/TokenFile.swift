/// The daemon's own bearer token on disk, made at the first start.
package enum TokenFile {
    /// What the file held or now holds.
    package struct Opened: Sendable {
        package let token: Secret
        package let isNew: Bool
    }

    /// A shorter token could be guessed.
    private static let byteMinimum = 16

    /// Reads the token, or makes the file with 256 random bits if there is none.
    package static func open(_ path: String) throws(CommandFailure) -> Opened {
        let fresh = RandomText.hexadecimal(bits: 256)
        let line = Array((fresh + "\n").utf8)
        let isNew: Bool
        do throws(SmallFile.Fault) {
            // The file is made before it is looked for: of two daemons only one can make it.
            isNew = try SmallFile.createPrivateUnlessThere(path, holding: line)
        } catch {
            throw CommandFailure(
                .configuration,
                "http.tokenFile: \(error); give a folder this user can write to"
                    + " or a file with a token"
            )
        }
        do throws(SmallFile.Fault) {
            return Opened(token: isNew ? Secret(fresh) : try read(path), isNew: isNew)
        } catch {
            throw CommandFailure(.configuration, "http.tokenFile: \(error)")
        }
    }

    /// What keeps a daemon from taking the file as it is, with the remedy; nil if nothing does or
    /// there is no such file.
    package static func exposure(of path: String) -> String? {
        do throws(SmallFile.Fault) {
            return try SmallFile.isOpenToOthers(path) ? exposed(path) : nil
        } catch {
            return nil
        }
    }

    private static func exposed(_ path: String) -> String {
        "others can read the token; run: chmod 600 \(path)"
    }

    private static func read(_ path: String) throws(SmallFile.Fault) -> Secret {
        guard try !SmallFile.isOpenToOthers(path) else {
            throw .init(path: path, reason: exposed(path))
        }
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: 4_096)
        } catch {
            let reason = "\(error.reason); let this user read it, or name another file"
            throw .init(path: path, reason: reason)
        }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 1, words[0].utf8.count >= byteMinimum else {
            throw .init(
                path: path,
                reason: "it doesn't hold one token of at least \(byteMinimum) bytes;"
                    + " remove it and a new one is made"
            )
        }
        return Secret(String(words[0]))
    }
}
