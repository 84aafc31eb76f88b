package import HTTPAPI
package import Platform
import Webhooks

/// Files that hold secrets; no message about them holds one.
package enum SecretFile {
    /// The largest file that is read as one.
    private static let sizeLimit = 65_536

    /// The secret key in a file, without its trailing newline.
    package static func key(at path: String) throws(Finding) -> Secret {
        let remedy = "put the app's secret key into that file, alone, readable by this user"
        var bytes = try read(path, remedy: remedy)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw Finding(problem: "\(path) is empty", remedy: remedy)
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Finding(
                problem: "\(path) holds blanks, line breaks or bytes that are not ASCII",
                remedy: remedy
            )
        }
        return Secret(bytes: bytes)
    }

    /// A database's password, in a file that no other user can read, without its trailing newline.
    package static func password(at path: String) throws(Finding) -> Secret {
        let remedy = "put the password into that file, alone, readable by this user"
        var bytes = try read(path, remedy: remedy)
        if SmallFile.isOpenToEveryone(path) {
            throw Finding(problem: "every user can read \(path)", remedy: "run: chmod o= \(path)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw Finding(problem: "\(path) is empty", remedy: remedy)
        }
        // libpq takes it as a string of C, and none of several lines is meant.
        guard !bytes.contains(where: { [0x00, 0x0A, 0x0D].contains($0) }) else {
            throw Finding(problem: "\(path) holds line breaks or NUL", remedy: remedy)
        }
        return Secret(bytes: bytes)
    }

    /// The key of a webhook's signatures, in a file that no other user can read.
    package static func hookKey(at path: String) throws(Finding) -> Secret {
        let remedy =
            "put whsec_ and Base64 into that file, or at least \(WebhookSignature.shortest) bytes"
        let bytes = try read(path, remedy: remedy)
        if SmallFile.isOpenToEveryone(path) {
            throw Finding(problem: "every user can read \(path)", remedy: "run: chmod o= \(path)")
        }
        guard let key = WebhookSignature.key(in: bytes) else {
            throw Finding(problem: "\(path) holds no secret, or a short one", remedy: remedy)
        }
        return key
    }

    /// The tokens of a `http.tokensFile`: `NAME read|write TOKEN` on each line.
    ///
    /// Lines end with LF or CRLF. Blank ones and those that begin with `#` are skipped; every line at
    /// fault is named.
    package static func tokens(at path: String) throws(Faults) -> [AccessToken] {
        let bytes: [UInt8]
        do throws(Finding) {
            bytes = try read(path, remedy: tokenForm)
        } catch {
            throw Faults(all: [error])
        }
        if let fault = SecretText.fault(in: bytes, of: path) { throw Faults(all: [fault]) }
        var tokens: [AccessToken] = []
        var faults: [Finding] = []
        if SmallFile.isOpenToEveryone(path) {
            faults.append(
                Finding(problem: "every user can read \(path)", remedy: "run: chmod o= \(path)")
            )
        }
        for (index, fields) in SecretText.lines(of: bytes).enumerated() {
            if fields.isEmpty || fields[0].hasPrefix("#") { continue }
            do throws(Finding) {
                tokens.append(try token(fields, after: tokens, "\(path) line \(index + 1)"))
            } catch {
                faults.append(error)
            }
        }
        guard faults.isEmpty else { throw Faults(all: faults) }
        return tokens
    }

    /// Everything that is wrong with such a file; there is at least one fault.
    package struct Faults: Error, Sendable, Hashable {
        package let all: [Finding]
    }

    private static let tokenForm = "write NAME read|write TOKEN on each line"

    /// The token of one line; the log tells holders by their names, so two never share one.
    private static func token(
        _ fields: [String],
        after others: [AccessToken],
        _ place: String
    ) throws(Finding) -> AccessToken {
        guard fields.count == 3, fields[1] == "read" || fields[1] == "write" else {
            throw Finding(problem: "\(place) is not of the form", remedy: tokenForm)
        }
        guard fields[0] != Configuration.ownerName,
            !others.contains(where: { $0.name == fields[0] })
        else {
            throw Finding(
                problem: "\(place) names \(fields[0]) again"
                    + (fields[0] == Configuration.ownerName ? ", which http.tokenFile is" : ""),
                remedy: "give each token a name of its own"
            )
        }
        guard fields[2].utf8.count >= 16 else {
            throw Finding(
                problem: "\(place) has a token of under 16 bytes",
                remedy: "make one with: openssl rand -hex 32"
            )
        }
        let secret = Array(fields[2].utf8)
        if let other = others.first(where: { $0.secret == secret }) {
            throw Finding(
                problem: "\(place) has the same token as \(other.name)",
                remedy: "make one of its own with: openssl rand -hex 32"
            )
        }
        return AccessToken(name: fields[0], canWrite: fields[1] == "write", secret: secret)
    }

    private static func read(_ path: String, remedy: String) throws(Finding) -> [UInt8] {
        do {
            return try SmallFile.readRegular(path, limit: sizeLimit)
        } catch {
            let name = Redaction.looksSecret(path) ? "the file (a name like a secret)" : path
            throw Finding(problem: "\(name) can't be read (\(error.reason))", remedy: remedy)
        }
    }
}
