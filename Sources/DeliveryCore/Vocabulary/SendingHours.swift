/// Hours of the day between which a campaign's calls may go out, by the clock of a time zone.
package struct SendingHours: Sendable, Hashable {
    /// When they open, in minutes after midnight.
    package var opensAt: Int
    /// When they close, in minutes after midnight; before `opensAt` it is on the next day.
    package var closesAt: Int
    /// The days on which they open.
    package var days: Set<Weekday>
    /// The zone's name, `UTC` or one of the IANA data.
    package var timeZone: String

    package init(
        opensAt: Int,
        closesAt: Int,
        days: Set<Weekday> = Set(Weekday.allCases),
        timeZone: String
    ) {
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.days = days
        self.timeZone = timeZone
    }

    /// The days in the order of the week.
    package var weekdays: [Weekday] { Weekday.allCases.filter(days.contains) }

    /// Minutes after midnight as a clock shows them: `09:00`.
    package static func clockText(_ minutes: Int) -> String {
        let parts = [minutes / 60, minutes % 60]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}

/// A day of the week, spelt as clients spell it.
package enum Weekday: String, Sendable, Hashable, CaseIterable {
    case monday = "mon"
    case tuesday = "tue"
    case wednesday = "wed"
    case thursday = "thu"
    case friday = "fri"
    case saturday = "sat"
    case sunday = "sun"

    /// The weekday of the day so many days after 1970-01-01, which was a Thursday.
    init(daysSince1970 days: Int64) {
        let index = Int((days + 3) % 7 + 7) % 7
        self = Weekday.allCases[index]
    }
}
