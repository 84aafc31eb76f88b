package import Platform
import SystemPackage

/// The daemon's own bearer token on disk, created at the first start.
package enum TokenFile {
    /// The token and whether it is new.
    package struct Opened: Sendable {
        package let token: Secret
        package let isNew: Bool
    }

    /// A shorter token could be guessed.
    private static let byteMinimum = 16

    /// Reads the token, or creates the file with 256 random bits.
    ///
    /// A token that several nodes share is none of a single node's making: then the file must be
    /// there.
    package static func open(
        _ path: String,
        isShared: Bool = false
    ) throws(CommandFailure) -> Opened {
        if isShared {
            if try check(path) == .missing { throw missing(path) }
            return Opened(token: try read(path), isNew: false)
        }
        let fresh = RandomText.hexadecimal(bits: 256)
        let line = Array((fresh + "\n").utf8)
        let isNew: Bool
        do throws(SmallFile.Fault) {
            // Created before it is looked for: of two daemons only one can create it.
            isNew = try SmallFile.createPrivateUnlessThere(path, holding: line)
        } catch {
            let remedy =
                error.mayPass
                ? "make room, or give a folder on another disk"
                : "give a folder this user can write to, or a file with a token"
            throw CommandFailure(
                error.mayPass ? .tryAgain : .configuration,
                "http.tokenFile: \(error); \(remedy)"
            )
        }
        return Opened(token: isNew ? Secret(fresh) : try read(path), isNew: isNew)
    }

    /// Refuses a file that a node's start would refuse.
    package static func check(_ configuration: Configuration) throws(CommandFailure) {
        guard let path = configuration.tokenFile else { return }
        let presence = try check(path)
        if configuration.isShared, presence == .missing { throw missing(path) }
    }

    private static func missing(_ path: String) -> CommandFailure {
        failure(
            "\(path) isn't there, and no node makes one, since all go by the same; make it with:"
                + " openssl rand -hex 32, and give each node a copy"
        )
    }

    /// What a user finds where the token stands.
    package enum Presence: Sendable, Hashable {
        case there
        /// The daemon creates it.
        case missing
        /// Other users can't look into the daemon's own folder.
        case outOfReach
    }

    /// Refuses a file that the daemon would refuse.
    @discardableResult
    package static func check(_ path: String) throws(CommandFailure) -> Presence {
        do throws(SmallFile.Fault) {
            _ = try SmallFile.isOpenToOthers(path)
        } catch {
            if error.code == .noSuchFileOrDirectory { return .missing }
            if error.code == .permissionDenied { return .outOfReach }
        }
        _ = try read(path)
        return .there
    }

    private static func read(_ path: String) throws(CommandFailure) -> Secret {
        let bytes: [UInt8]
        do throws(SmallFile.Fault) {
            guard try !SmallFile.isOpenToOthers(path) else {
                throw .init(path: path, reason: "others can read the token; run: chmod 600 \(path)")
            }
            bytes = try contents(of: path)
        } catch {
            throw failure(error.description, mayPass: error.mayPass)
        }
        if let fault = SecretText.fault(in: bytes, of: path) {
            throw failure("\(fault.problem); \(fault.remedy), or remove it and a new one is made")
        }
        guard let token = SecretText.onlyWord(of: bytes), token.bytes.count >= byteMinimum else {
            throw failure(
                "\(path): it doesn't hold one token of at least \(byteMinimum) bytes;"
                    + " remove it and a new one is made"
            )
        }
        return token
    }

    private static func contents(of path: String) throws(SmallFile.Fault) -> [UInt8] {
        do {
            return try SmallFile.readRegular(path, limit: 4_096)
        } catch  where error.mayPass {
            throw error
        } catch {
            let reason = "\(error.reason); let this user read it, or name another file"
            throw .init(path: path, reason: reason)
        }
    }

    private static func failure(_ text: String, mayPass: Bool = false) -> CommandFailure {
        CommandFailure(mayPass ? .tryAgain : .configuration, "http.tokenFile: \(text)")
    }
}
