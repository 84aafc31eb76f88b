import Glibc

/// A directory of the test's own, removed with the value.
package final class TemporaryFiles: Sendable {
    package let directory: String

    package init() {
        var template = Array("/tmp/fanoutd-store-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template)
        precondition(unsafe made != nil, "no temporary directory can be made in /tmp")
        directory = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    deinit {
        for name in ["a", "b", "c"] {
            for suffix in ["", "-wal", "-shm", "-journal", ".lock", ".partial"] {
                unsafe unlink(path(name) + suffix)
            }
        }
        unsafe rmdir(directory)
    }

    package func path(_ name: String) -> String { directory + "/" + name }

    /// The bytes of a file, 0 if there is none.
    package func size(of name: String) -> Int {
        var status = stat()
        return unsafe stat(path(name), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Copies a store's files as they are at this moment, as a crash would leave them.
    @discardableResult
    package func copy(
        _ name: String,
        to other: String,
        only suffixes: [String] = ["", "-wal", ".lock"]
    ) -> String {
        for suffix in suffixes {
            guard let bytes = contents(path(name) + suffix) else { continue }
            store(bytes, at: path(other) + suffix)
        }
        return path(other)
    }

    /// Copies a store's own files, without the lock's.
    package func backUp(_ name: String, to other: String) {
        copy(name, to: other, only: ["", "-wal"])
    }

    package func write(_ text: String, to name: String) -> String {
        store(Array(text.utf8), at: path(name))
        return path(name)
    }

    package func remove(_ name: String) { unsafe unlink(path(name)) }

    package func contents(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }

    package func store(_ bytes: [UInt8], at path: String) {
        guard let file = unsafe fopen(path, "wb") else { return }
        _ = unsafe fwrite(bytes, 1, bytes.count, file)
        unsafe fclose(file)
    }
}
