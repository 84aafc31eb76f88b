package import DeliveryCore
import DeliveryEngine
package import Glibc
package import Platform
import SystemPackage

/// The machine's two clocks in the core's types.
///
/// The monotonic one is `CLOCK_MONOTONIC_RAW`: NTP doesn't slew it, and it stops in suspend, which
/// errs to the safe side of the quota.
package struct SystemClock: TimeSource {
    package init() {}

    package func now() -> Now {
        Now(
            instant: Instant(nanoseconds: Self.nanoseconds(of: CLOCK_MONOTONIC_RAW)),
            timestamp: Timestamp(Self.time(of: CLOCK_REALTIME))
        )
    }

    /// Sleeps on the standard clock, then reads this one again: the two run at different rates.
    package func sleep(until instant: Instant) async throws {
        var rest = now().instant.duration(to: instant)
        while rest > .zero {
            try await ContinuousClock().sleep(for: rest)
            rest = now().instant.duration(to: instant)
        }
    }

    /// `CLOCK_MONOTONIC` in microseconds, which systemd compares in a reload.
    package func monotonicMicroseconds() -> Int64 {
        Self.nanoseconds(of: CLOCK_MONOTONIC) / 1_000
    }

    /// The boot's id; monotonic instants of two boots can't be compared, nor those of two time
    /// namespaces, which a container may have of its own.
    package static func bootID() throws(SmallFile.Fault) -> String {
        let bytes = try SmallFile.read("/proc/sys/kernel/random/boot_id", limit: 64)
        let boot = String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
        return boot + (FilePath("/proc/self/ns/time").linkTarget.map { " \($0.string)" } ?? "")
    }

    /// For monotonic clocks alone: the wall clock's nanoseconds may overflow in a distant year.
    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        let time = time(of: clock)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func time(of clock: clockid_t) -> timespec {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock \(clock) can't be read")
        return time
    }
}

extension Timestamp {
    /// The wall clock's time, also before 1970 and after 2262; clamped to the years 1 to 9999,
    /// since others can't be written.
    package init(_ time: timespec) {
        let seconds = Swift.min(Swift.max(Int64(time.tv_sec), -62_135_596_800), 253_402_300_799)
        self.init(milliseconds: seconds * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
