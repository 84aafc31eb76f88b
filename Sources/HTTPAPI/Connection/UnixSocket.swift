import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix

/// What stands in the way of listening on a Unix socket.
package struct ListenFault: Error, CustomStringConvertible {
    /// Whether another process listens there, which it may not do for ever.
    package let isTaken: Bool
    package let description: String
}

/// The file of a Unix socket: who may use it, and whether a dead process left it behind.
struct UnixSocket: Sendable {
    let path: String

    /// Fails if somebody listens on the path, or if it is something other than a socket.
    ///
    /// What nobody listens on is stale, and the server replaces it.
    func checkUnused() async throws {
        guard let kind = try kind() else { return }
        guard kind == .typeSocket else {
            throw ListenFault(
                isTaken: false,
                description: "\(path) exists and is no socket; choose another http.listen"
            )
        }
        let isUsed: Bool
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get()
            try await channel.close()
            isUsed = true
        } catch {
            isUsed = false
        }
        if isUsed {
            throw ListenFault(
                isTaken: true,
                description: "another process listens on \(path); stop it or choose another "
                    + "http.listen"
            )
        }
    }

    /// What stands at the path, whatever a link there points to; nil if nothing does.
    ///
    /// Not by `stat`: several C modules declare it, and which of them the compiler takes it from
    /// changes with the files it compiles together.
    private func kind() throws -> FileAttributeType? {
        do {
            return try FileManager.default.attributesOfItem(atPath: path)[.type]
                as? FileAttributeType
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        }
    }

    static func groupID(_ name: String) throws -> gid_t {
        guard let entry = unsafe getgrnam(name) else {
            throw ListenFault(
                isTaken: false,
                description: "http.socketGroup: there is no group \(name)"
            )
        }
        return unsafe entry.pointee.gr_gid
    }

    /// Lets the owner and a group in, in this order: the file is never open to the wrong group.
    func open(to group: gid_t?) throws {
        if let group, unsafe chown(path, uid_t.max, group) != 0 {
            throw ListenFault(
                isTaken: false,
                description: "\(path) can't be given to group \(group): errno \(errno)"
            )
        }
        guard unsafe chmod(path, 0o660) == 0 else {
            throw ListenFault(
                isTaken: false,
                description: "the mode of \(path) can't be set: errno \(errno)"
            )
        }
    }

    func remove() {
        // Already gone is as good.
        _ = unsafe unlink(path)
    }
}
