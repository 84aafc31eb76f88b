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

    /// Which file lies at a path: another one may have taken its place, even with its number.
    struct Identity: Sendable, Hashable {
        let device: UInt?
        let number: UInt64?
        let made: Date?
    }

    /// Fails if a process listens on the path, or if it is something other than a socket.
    ///
    /// Only a socket at which the kernel refuses connections is stale, and the server replaces it.
    /// Any other failure to connect may come from a live one whose queue is full, that is of
    /// another kind, or that this user may not use.
    func checkUnused() async throws {
        guard let kind = try attributes()?[.type] as? FileAttributeType else { return }
        guard kind == .typeSocket else {
            throw ListenFault(
                isTaken: false,
                description: "\(path) exists and is no socket; choose another http.listen"
            )
        }
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get()
            try await channel.close()
        } catch let error as IOError {
            switch error.errnoCode {
            case ECONNREFUSED, ENOENT: return
            case EAGAIN: break
            case EPROTOTYPE:
                throw ListenFault(
                    isTaken: false,
                    description: "\(path) is another program's socket, not one for HTTP; choose "
                        + "another http.listen"
                )
            case EACCES, EPERM:
                throw ListenFault(
                    isTaken: false,
                    description: "\(path) exists and this user may not open it, so it may be "
                        + "another process's; remove it or choose another http.listen"
                )
            case let code:
                throw ListenFault(
                    isTaken: false,
                    description: "whether somebody listens on \(path) can't be told (errno "
                        + "\(code)); remove it or choose another http.listen"
                )
            }
        } catch ChannelError.connectTimeout {
            // A process listens and takes nothing.
        }
        throw ListenFault(
            isTaken: true,
            description: "another process listens on \(path); stop it or choose another "
                + "http.listen"
        )
    }

    /// What is known of the file at the path, whatever a link there points to; nil if there is none.
    ///
    /// Not by `stat`: several C modules declare it, and which of them the compiler takes it from
    /// changes with the files it compiles together.
    private func attributes() throws(ListenFault) -> [FileAttributeKey: Any]? {
        do {
            return try FileManager.default.attributesOfItem(atPath: path)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch {
            throw ListenFault(
                isTaken: false,
                description: "\(path) can't be reached: a part of its path is no folder, or one "
                    + "that this user may not enter; choose another http.listen"
            )
        }
    }

    static func groupID(_ name: String) throws(ListenFault) -> gid_t {
        guard let entry = unsafe getgrnam(name) else {
            throw ListenFault(
                isTaken: false,
                description: "http.socketGroup: there is no group \(name)"
            )
        }
        return unsafe entry.pointee.gr_gid
    }

    /// Lets the owner and a group in, in this order: the file is never open to the wrong group.
    ///
    /// Returns which file that is, for its removal.
    func open(to group: String?) throws(ListenFault) -> Identity {
        if let group { try give(to: group) }
        guard unsafe chmod(path, 0o660) == 0 else {
            throw ListenFault(
                isTaken: false,
                description: "the mode of \(path) can't be set to 0660 (errno \(errno)); choose an "
                    + "http.listen on a file system that has modes"
            )
        }
        guard let identity = try identity() else {
            throw ListenFault(
                isTaken: true,
                description: "\(path) was removed while fanoutd started; start it again"
            )
        }
        return identity
    }

    /// A socket that was made in the process's own group is left as it is: a sandbox, such as the
    /// unit's, may let no `chown` through.
    private func give(to group: String) throws(ListenFault) {
        let id = try Self.groupID(group)
        let own = try attributes()?[.groupOwnerAccountID] as? UInt
        guard own != UInt(id) else { return }
        guard unsafe chown(path, uid_t.max, id) == 0 else {
            throw Self.groupFault(path, group, errno)
        }
    }

    /// Only the superuser may give a file to a group that it isn't in itself.
    static func groupFault(_ path: String, _ group: String, _ code: Int32) -> ListenFault {
        let cause =
            switch code {
            case EPERM: "this user isn't in that group, or may give no file away"
            case EINVAL: "the unit's PrivateUsers=yes hides all groups but the unit's own"
            default: "errno \(code)"
            }
        return ListenFault(
            isTaken: false,
            description: "\(path) can't be given to http.socketGroup \(group): \(cause); put "
                + "Group=\(group) under [Service] of the unit (systemctl edit), or run fanoutd as "
                + "a user of that group"
        )
    }

    private func identity() throws(ListenFault) -> Identity? {
        guard let attributes = try attributes() else { return nil }
        return Identity(
            device: attributes[.systemNumber] as? UInt,
            number: attributes[.systemFileNumber] as? UInt64,
            made: attributes[.modificationDate] as? Date
        )
    }

    /// Removes the file if it is still the one that was opened.
    func remove(_ own: Identity) {
        do {
            // Already gone is as good, and so is one that can't be reached.
            guard try identity() == own else { return }
        } catch {
            return
        }
        _ = unsafe unlink(path)
    }
}
