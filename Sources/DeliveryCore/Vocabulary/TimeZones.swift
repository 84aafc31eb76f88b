/// The clocks of time zones by the zones' names.
///
/// The zones' rules are data of the machine: the core asks for instants, and gets the same answer to
/// the same question until the configuration is read again. They are an object, so that the
/// dispatcher, which holds one, stays a value that is copied by its words.
package protocol TimeZones: AnyObject, Sendable {
    /// A zone's clock; nil if its rules aren't known here.
    func clock(of zone: String) -> (any ZoneClock)?
}

/// A clock of one time zone.
package protocol ZoneClock: Sendable {
    /// How far the clock is ahead of UTC at a second since 1970-01-01T00:00:00Z.
    func offset(at second: Int64) -> ZoneOffset
}

/// How far a zone's clock is ahead of UTC, and until when.
package struct ZoneOffset: Sendable, Hashable {
    /// Behind, where it is negative.
    package let seconds: Int64
    /// The second, after the one asked for, from which on it may be another one; nil if that is
    /// never.
    package let until: Int64?

    package init(seconds: Int64, until: Int64? = nil) {
        self.seconds = seconds
        self.until = until
    }
}

/// UTC, which needs no data.
package final class UniversalTime: TimeZones, ZoneClock {
    package static let name = "UTC"

    package init() {}

    package func clock(of zone: String) -> (any ZoneClock)? { zone == Self.name ? self : nil }

    package func offset(at second: Int64) -> ZoneOffset { ZoneOffset(seconds: 0) }
}
