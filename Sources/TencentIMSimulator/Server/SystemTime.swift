package import DeliveryCore
import Glibc
import NIOCore

/// The machine's clocks.
package enum SystemTime {
    @Sendable package static func now() -> Now {
        var wall = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &wall)
        return Now(
            instant: Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)),
            timestamp: Timestamp(
                milliseconds: Int64(wall.tv_sec) * 1_000 + Int64(wall.tv_nsec) / 1_000_000
            )
        )
    }
}
