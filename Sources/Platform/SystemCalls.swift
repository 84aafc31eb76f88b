import Glibc
package import SystemPackage

// The system's calls that swift-system doesn't have, in its types.

extension FileDescriptor {
    /// Takes the kernel's lock on the file; false if another process has it.
    package func tryLock() -> Bool { flock(rawValue, LOCK_EX | LOCK_NB) == 0 }

    /// Gives the lock back, also where a child that was forked just now still has the file open.
    package func unlock() { flock(rawValue, LOCK_UN) }

    /// Returns once everything written is durable.
    package func sync() throws(Errno) { try succeed(fsync(rawValue)) }

    /// Gives the file these permissions, which the umask doesn't cut.
    package func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        try succeed(fchmod(rawValue, permissions.rawValue))
    }

    /// Closes what was only read, or what nothing more can be done about.
    package func closeQuietly() { _ = Glibc.close(rawValue) }

    /// The next bytes, as many as there are up to a limit; none at the end.
    package func read(upTo limit: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Writes as many bytes as go at once, and says how many; waits where none do.
    package func writeSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
        do {
            return try unsafe bytes.withUnsafeBytes { try unsafe write($0) }
        } catch Errno.resourceTemporarilyUnavailable {
            // Another holder of the descriptor has set it so; it is waited for all the same.
            var poll = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
            _ = unsafe Glibc.poll(&poll, 1, -1)
            return 0
        }
    }
}

extension FilePath {
    /// What is known of the file, whatever links lead to it; nil if it isn't there or out of reach.
    package var status: Stat? {
        do {
            return try stat()
        } catch {
            return nil
        }
    }

    /// Removes the name, if it is there and may be.
    package func remove() { _ = unsafe withPlatformString { unsafe unlink($0) } }

    package func rename(to name: FilePath) throws(Errno) {
        let result = unsafe withPlatformString { old in
            unsafe name.withPlatformString { unsafe Glibc.rename(old, $0) }
        }
        try succeed(result)
    }

    /// Makes a folder that only its owner can enter.
    package func makePrivateFolder() throws(Errno) {
        try succeed(unsafe withPlatformString { unsafe mkdir($0, 0o700) })
    }

    /// Gives the file to a group, and to no other owner.
    package func setGroup(_ group: GroupID) throws(Errno) {
        try succeed(unsafe withPlatformString { unsafe chown($0, uid_t.max, group.rawValue) })
    }

    package func setPermissions(_ permissions: FilePermissions) throws(Errno) {
        try succeed(unsafe withPlatformString { unsafe chmod($0, permissions.rawValue) })
    }

    /// Fails where this user can't read the file, without opening it: closing any descriptor of a
    /// database drops SQLite's locks on it.
    package func checkReadable() throws(Errno) {
        try succeed(unsafe withPlatformString { unsafe access($0, R_OK) })
    }

    /// The bytes free, for this user, on the file's disk; nil if that can't be said.
    package var freeBytes: Int? {
        var status = statvfs()
        guard unsafe withPlatformString({ unsafe statvfs($0, &status) }) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Where the symbolic link leads; nil if the file is none.
    package var linkTarget: FilePath? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe withPlatformString { unsafe readlink($0, &bytes, Int(PATH_MAX)) }
        return count > 0 ? FilePath(platformString: bytes) : nil
    }
}

extension Stat {
    /// When the file's content was changed, since 1970.
    package var modified: Duration {
        .seconds(st_mtim.tv_sec) + .nanoseconds(st_mtim.tv_nsec)
    }
}

extension GroupID {
    /// The group of that name on this machine; nil if there is none.
    package init?(named name: String) {
        guard let entry = unsafe getgrnam(name) else { return nil }
        self.init(rawValue: unsafe entry.pointee.gr_gid)
    }
}

/// Datagrams to the Unix sockets of other processes.
package enum UnixDatagram {
    /// The bytes that a socket's path or name must have fewer than.
    package static let addressLimit = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    /// Sends one to a path, or to a name of the abstract namespace behind `@`.
    package static func send(_ bytes: [UInt8], to address: String) throws(Errno) {
        let isAbstract = address.hasPrefix("@")
        let path = (isAbstract ? [0] : []) + address.utf8.dropFirst(isAbstract ? 1 : 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
        // An abstract name is as long as it is said to be; a path ends at its zero byte.
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + path.count + (isAbstract ? 0 : 1))
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try succeed(descriptor)
        defer { close(descriptor) }
        let sent = unsafe withUnsafeBytes(of: &name) { name in
            let name = unsafe name.assumingMemoryBound(to: sockaddr.self).baseAddress
            return unsafe sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), name, length)
        }
        try succeed(sent)
    }
}

/// What a call answers; a negative number is a failure, and `errno` says which.
private func succeed(_ result: some SignedInteger) throws(Errno) {
    if result < 0 { throw Errno(rawValue: errno) }
}
