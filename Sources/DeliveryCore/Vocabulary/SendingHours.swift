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
}
