import Platform
import SystemPackage

/// Measures what it takes to make a block of bytes durable, with a file of its own.
enum DurableWrite {
    private static let blockSize = 4_096
    /// The median of a few, since one may meet another program's sync.
    private static let count = 5

    /// Writes, syncs and removes a file in a folder; answers the time of one write with its sync.
    static func measure(in folder: String) throws(SmallFile.Fault) -> Duration {
        let path = folder + "/.fanoutd-doctor-" + RandomText.hexadecimal(bits: 64)
        return try SmallFile.named(path) {
            let file = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite
            )
            defer { FilePath(path).remove() }
            return try file.closeAfter {
                let clock = ContinuousClock()
                let block = [UInt8](repeating: 0, count: blockSize)
                var times: [Duration] = []
                for _ in 0..<count {
                    let start = clock.now
                    try file.writeAll(block)
                    try file.sync()
                    times.append(start.duration(to: clock.now))
                }
                return times.sorted()[count / 2]
            }
        }
    }
}
