package import DeliveryCore

/// Made-up zones whose clocks change when a test says so.
package final class SteppedZones: TimeZones {
    private let zones: [String: Clock]

    /// For each zone the seconds at which its clock changes, and how far ahead of UTC it is from then
    /// on; the first counts from the beginning.
    package init(_ zones: [String: [(from: Int64, offset: Int64)]]) {
        self.zones = zones.mapValues(Clock.init)
    }

    package func clock(of zone: String) -> (any ZoneClock)? { zones[zone] }

    private struct Clock: ZoneClock {
        let steps: [(from: Int64, offset: Int64)]

        func offset(at second: Int64) -> ZoneOffset {
            let past = steps.last { $0.from <= second } ?? steps[0]
            return ZoneOffset(
                seconds: past.offset,
                until: steps.first { $0.from > second && $0.from > past.from }?.from
            )
        }
    }
}
