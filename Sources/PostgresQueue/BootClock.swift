import DeliveryCore
import Glibc

/// The clock of leases and deadlines: it runs on in suspend, as the other nodes' clocks do.
enum BootClock {
    static func now() -> Instant {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        precondition(result == 0, "CLOCK_BOOTTIME can't be read")
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The whole milliseconds from now to an instant, rounded up; none if it has passed.
    static func milliseconds(until instant: Instant) -> CInt {
        let rest = now().duration(to: instant)
        return rest > .zero ? CInt(clamping: rest.milliseconds + 1) : 0
    }
}
