import Platform
import QueueTables
import SystemPackage

/// What a store's files show to a process that must not disturb a daemon at work on them.
///
/// It takes no lock, not even for a moment, and doesn't open the database with SQLite: the last
/// connection to close would checkpoint, and a first one makes files beside it. So of a store that is
/// all in its WAL it doesn't know the version.
package struct StoreInspection: Sendable, Hashable {
    package let presence: Presence
    /// The process that has the store open; nil if none has.
    package let holder: Int?
    /// The bytes of the WAL.
    package let logBytes: Int
    /// The bytes free, for this user, on the store's disk; nil if that can't be said.
    package let freeBytes: Int?

    package enum Presence: Sendable, Hashable {
        /// The first start makes it.
        case none
        /// All of it is still in its WAL.
        case inLog
        case version(Int)
    }

    /// The version that this program's stores have.
    package static var knownVersion: Int { Schema.version }

    package init(presence: Presence, holder: Int?, logBytes: Int, freeBytes: Int?) {
        self.presence = presence
        self.holder = holder
        self.logBytes = logBytes
        self.freeBytes = freeBytes
    }

    /// Looks at a store, or at the place of one; what can't be a store is refused as at a start.
    package init(at path: String) throws(StoreError) {
        let path = FileSystem.target(of: path)
        do throws(Errno) {
            try FilePath(path).checkReadable()
        } catch {
            guard error == .noSuchFileOrDirectory else {
                throw .diskFailed(path: path, detail: error.description)
            }
        }
        let version = try FoundFile(at: path).versionInHeader()
        let logBytes = FileSystem.size(of: path + "-wal") ?? 0
        self.init(
            presence: version.map { .version($0) } ?? (logBytes > 0 ? .inLog : .none),
            holder: LockTable.present?.holder(of: path + ".lock"),
            logBytes: logBytes,
            freeBytes: FilePath(FileSystem.folder(of: path)).freeBytes
        )
    }
}

/// The kernel's list of the locks that are held, which shows one without a try for it.
///
/// A try would keep a daemon out that starts in the same moment.
package struct LockTable: Sendable {
    private let entries: [Entry]

    private struct Entry: Sendable {
        let processID: Int
        /// Major and minor number of the device, and the inode, as the kernel writes them.
        let file: Substring
    }

    /// Reads the text of `/proc/locks`; locks that are waited for aren't held.
    package init(_ text: String) {
        entries = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", let processID = Int(fields[4]) else {
                return nil
            }
            return Entry(processID: processID, file: fields[5])
        }
    }

    /// The locks of this moment; nil if the kernel doesn't show them.
    static var present: LockTable? {
        do {
            let bytes = try SmallFile.read("/proc/locks", limit: 1 << 24)
            return LockTable(String(decoding: bytes, as: UTF8.self))
        } catch {
            return nil
        }
    }

    /// The process that has a file locked as a whole; nil if none has.
    func holder(of path: String) -> Int? {
        guard let status = FilePath(path).status else { return nil }
        return holder(
            device: UInt64(status.deviceID.rawValue),
            inode: UInt64(status.inode.rawValue),
            noted: StoreLock.notedHolder(in: path)
        )
    }

    /// The same for a file by its identity; the device's number is as `stat` gives it.
    ///
    /// Some file systems show another device there: then the inode's number and the process that the
    /// file itself names must do.
    package func holder(device: UInt64, inode: UInt64, noted: Int?) -> Int? {
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF
        let file = "\(Self.hexadecimal(major)):\(Self.hexadecimal(minor)):\(inode)"
        return entries.first { entry in
            entry.file == file || entry.processID == noted && entry.file.hasSuffix(":\(inode)")
        }?.processID
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
