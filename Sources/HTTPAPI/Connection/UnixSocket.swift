import Glibc
import NIOCore
import NIOPosix
import Platform
import SystemPackage

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
        private let device: DeviceID
        private let inode: Inode
        private let modified: Duration

        init(_ status: Stat) {
            device = status.deviceID
            inode = status.inode
            modified = status.modified
        }
    }

    /// A group by its name, which the configuration gives.
    struct Group: Sendable {
        let name: String
        let id: GroupID

        init(_ name: String) throws(ListenFault) {
            guard let id = GroupID(named: name) else {
                throw ListenFault(
                    isTaken: false,
                    description: "http.socketGroup: there is no group \(name)"
                )
            }
            (self.name, self.id) = (name, id)
        }
    }

    /// Fails if a process listens on the path, or if it is something other than a socket.
    ///
    /// Only a socket at which the kernel refuses connections is stale, and the server replaces it.
    /// Any other failure to connect may come from a live one whose queue is full, that is of
    /// another kind, or that this user may not use.
    func checkUnused() async throws {
        guard let status = try status() else { return }
        guard status.type == .socket else {
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
    private func status() throws(ListenFault) -> Stat? {
        do throws(Errno) {
            return try Stat(FilePath(path), followTargetSymlink: false)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw ListenFault(
                isTaken: false,
                description: "\(path) can't be reached: a part of its path is no folder, or one "
                    + "that this user may not enter; choose another http.listen"
            )
        }
    }

    /// Lets the owner and a group in, in this order: the file is never open to the wrong group.
    ///
    /// Returns which file that is, for its removal.
    func open(to group: Group?) throws(ListenFault) -> Identity {
        if let group { try give(to: group) }
        do {
            try FilePath(path).setPermissions(FilePermissions(rawValue: 0o660))
        } catch {
            throw ListenFault(
                isTaken: false,
                description: "the mode of \(path) can't be set to 0660 (errno \(error.rawValue)); "
                    + "choose an http.listen on a file system that has modes"
            )
        }
        guard let status = try status() else {
            throw ListenFault(
                isTaken: true,
                description: "\(path) was removed while fanoutd started; start it again"
            )
        }
        return Identity(status)
    }

    /// A socket that was made in the process's own group is left as it is: a sandbox, such as the
    /// unit's, may let no `chown` through.
    private func give(to group: Group) throws(ListenFault) {
        guard try status()?.groupID != group.id else { return }
        do {
            try FilePath(path).setGroup(group.id)
        } catch {
            throw Self.groupFault(path, group.name, error)
        }
    }

    /// Only the superuser may give a file to a group that it isn't in itself.
    static func groupFault(_ path: String, _ group: String, _ code: Errno) -> ListenFault {
        let cause =
            switch code {
            case .notPermitted: "this user isn't in that group, or may give no file away"
            case .invalidArgument:
                "the unit's PrivateUsers=yes hides all groups but the unit's own"
            default: "errno \(code.rawValue)"
            }
        return ListenFault(
            isTaken: false,
            description: "\(path) can't be given to http.socketGroup \(group): \(cause); put "
                + "Group=\(group) under [Service] of the unit (systemctl edit), or run fanoutd as "
                + "a user of that group"
        )
    }

    /// Removes the file if it is still the one that was opened.
    func remove(_ own: Identity) {
        do {
            // Already gone is as good, and so is one that can't be reached.
            guard try status().map(Identity.init) == own else { return }
        } catch {
            return
        }
        FilePath(path).remove()
    }
}
