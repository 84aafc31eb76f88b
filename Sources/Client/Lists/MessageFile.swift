import JSON
package import Platform
import SystemPackage

/// Message files.
package enum MessageFile {
    /// Far more than a packet can hold: the daemon decides what is too large.
    private static let sizeLimit = 1_048_576

    /// The byte order mark that some editors write; JSON doesn't allow it.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The JSON object in a file, or on standard input for `-`.
    package static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        let name = path == "-" ? "standard input" : path
        try FileName.check(path, of: "--message")
        var bytes: [UInt8]
        do {
            bytes =
                path == "-"
                ? try SmallFile.read(from: .standardInput, path: name, limit: sizeLimit)
                : try SmallFile.read(path, limit: sizeLimit)
        } catch {
            throw CommandFailure(.badData, "the message can't be read: \(error)")
        }
        if let content = ForeignContent(head: bytes) {
            throw CommandFailure(.badData, "\(name) is no message: \(content)")
        }
        if bytes.starts(with: byteOrderMark) { bytes.removeFirst(byteOrderMark.count) }
        let message: JSON
        do {
            message = try JSON(parsing: bytes)
        } catch {
            throw CommandFailure(.badData, "\(name) is no JSON: \(error)")
        }
        guard message.members != nil else {
            throw CommandFailure(
                .badData,
                "\(name) holds \(message.kindName); a message is an object with MsgBody"
            )
        }
        return bytes
    }
}
