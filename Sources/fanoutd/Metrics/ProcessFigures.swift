import DeliveryCore
package import DeliveryEngine
import Foundation
import Glibc
import Platform
import PrometheusText

/// The system's figures for this process, named as Prometheus' own libraries name them.
package struct ProcessFigures: Sendable {
    private let startedAt: Double

    /// The process starts now: the value is created while the daemon begins.
    package init(clock: any TimeSource) {
        startedAt = Double(clock.now().timestamp.milliseconds) / 1_000
    }

    var families: [MetricFamily] {
        var families = [
            MetricFamily(
                "process_cpu_seconds_total",
                .counter,
                "CPU time spent by the process, user and system.",
                [.init(Self.cpuSeconds)]
            ),
            MetricFamily(
                "process_start_time_seconds",
                .gauge,
                "When the process began, in seconds since 1970.",
                [.init(startedAt)]
            ),
        ]
        let optional: [(String, String, Double?)] = [
            ("process_resident_memory_bytes", "Memory in RAM.", Self.residentBytes),
            ("process_open_fds", "Open files and sockets.", Self.openFiles),
            ("process_max_fds", "How many may be open at most.", Self.openFileLimit),
        ]
        for (name, help, value) in optional {
            guard let value else { continue }
            families.append(MetricFamily(name, .gauge, help, [.init(value)]))
        }
        return families
    }

    private static var cpuSeconds: Double {
        let time = SystemClock.time(of: CLOCK_PROCESS_CPUTIME_ID)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static var residentBytes: Double? {
        do {
            let bytes = try SmallFile.read("/proc/self/statm", limit: 4_096)
            let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
            return pages * Double(sysconf(CInt(_SC_PAGESIZE)))
        } catch {
            // Without /proc there is no such figure.
            return nil
        }
    }

    private static var openFiles: Double? {
        do {
            // The descriptor of the folder itself is closed in a moment.
            return Double(
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count - 1
            )
        } catch {
            return nil
        }
    }

    private static var openFileLimit: Double? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        return Double(limit.rlim_cur)
    }
}
