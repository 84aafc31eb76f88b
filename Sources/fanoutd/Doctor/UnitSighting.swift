import Foundation
import Platform

/// A unit of systemd that runs a process, and its limits as far as they can be seen.
package struct UnitSighting: Sendable, Hashable {
    package let name: String
    /// How many files the process may have open.
    package let openFiles: Int?
    /// How long the manager waits for its end; nil also where it waits for ever.
    package let stopTimeout: Duration?

    package init(name: String, openFiles: Int?, stopTimeout: Duration?) {
        self.name = name
        self.openFiles = openFiles
        self.stopTimeout = stopTimeout
    }

    /// The unit of the daemon with this process id, or of this process if the manager started it.
    static func find(daemon processID: Int?, environment: [String: String]) -> UnitSighting? {
        let own = ProcessInfo.processInfo.processIdentifier
        let isStarted = environment["SYSTEMD_EXEC_PID"] == String(own)
        guard let processID = processID ?? (isStarted ? Int(own) : nil),
            let groups = text(of: "/proc/\(processID)/cgroup"), let name = unit(inGroups: groups)
        else { return nil }
        return UnitSighting(
            name: name,
            openFiles: text(of: "/proc/\(processID)/limits").flatMap(openFiles(inLimits:)),
            stopTimeout: stopTimeout(of: name)
        )
    }

    /// The service in the text of `/proc/PID/cgroup`: nil for a session's or a container's process.
    package static func unit(inGroups text: String) -> String? {
        for line in text.split(separator: "\n") {
            let fields = line.split(
                separator: ":",
                maxSplits: 2,
                omittingEmptySubsequences: false
            )
            guard fields.count == 3, fields[1].isEmpty || fields[1] == "name=systemd",
                let group = fields[2].split(separator: "/").last, group.hasSuffix(".service")
            else { continue }
            return String(group)
        }
        return nil
    }

    /// The soft limit of open files in the text of `/proc/PID/limits`; nil for none.
    package static func openFiles(inLimits text: String) -> Int? {
        let name = "Max open files"
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
    }

    /// A span of time as `systemctl show` prints it, such as `1min 30s`; nil for `infinity`.
    package static func duration(ofSpan text: some StringProtocol) -> Duration? {
        var total = Duration.zero
        let words = text.split(whereSeparator: \.isWhitespace)
        if words.isEmpty { return nil }
        for word in words {
            let digits = word.prefix { $0.isNumber || $0 == "." }
            guard let count = Double(digits), let unit = spans[String(word.dropFirst(digits.count))]
            else { return nil }
            total += unit * count
        }
        return total
    }

    private static let spans: [String: Duration] = [
        "us": .microseconds(1), "ms": .milliseconds(1), "s": .seconds(1), "min": .seconds(60),
        "h": .seconds(3_600), "d": .seconds(86_400), "w": .seconds(604_800),
        "month": .seconds(2_629_800), "y": .seconds(31_557_600),
    ]

    private static func text(of path: String) -> String? {
        do {
            return String(decoding: try SmallFile.read(path, limit: 65_536), as: UTF8.self)
        } catch {
            // The process is gone, or hidden from this user.
            return nil
        }
    }

    private static func stopTimeout(of name: String) -> Duration? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/systemctl")
        process.arguments = ["show", "--property=TimeoutStopUSec", "--value", "--", name]
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            // There is no systemctl here.
            return nil
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return duration(ofSpan: String(decoding: bytes, as: UTF8.self))
    }
}
