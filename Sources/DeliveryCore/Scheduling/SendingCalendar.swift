/// When sending hours are open, by the clocks of their zones.
package struct SendingCalendar: Sendable {
    private let zones: any TimeZones

    package init(_ zones: any TimeZones) {
        self.zones = zones
    }

    private static let day: Int64 = 86_400
    /// What tells most periods: yesterday's hours may run over midnight, and a change of the clock
    /// may join two days' hours.
    private static let nearDays: ClosedRange<Int64> = -3...2
    /// Enough for hours of one day a week that a change of the clock swallows once.
    private static let farDays: ClosedRange<Int64> = -15...15
    /// How many periods are walked at most: a month's of hours that open each day.
    private static let stepLimit = 64
    /// A forecast further ahead says nothing.
    private static let farthest: Duration = .seconds(100 * 365 * 86_400)

    /// The period of the hours that a time lies in.
    ///
    /// The next period begins where this one ends, and is of the other kind. Hours of a zone that
    /// isn't known are closed for ever: nobody is to be woken up by night.
    package func period(of hours: SendingHours, at time: Timestamp) -> SendingPeriod {
        guard let clock = zones.clock(of: hours.timeZone) else {
            return SendingPeriod(isOpen: false)
        }
        let second = time.second
        let today = (second + clock.offset(at: second).seconds).floored(by: Self.day)
        let near = clock.openings(of: hours, today: today, Self.nearDays).period(at: second)
        if near.end != nil, near.start != nil { return near }
        return clock.openings(of: hours, today: today, Self.farDays).period(at: second)
    }

    /// The first moment from a time on at which the hours are open; nil if that is never.
    package func opening(of hours: SendingHours, from time: Timestamp) -> Timestamp? {
        let period = period(of: hours, at: time)
        return period.isOpen ? time : period.end
    }

    /// When so much time will have passed, of which only that within the hours counts; nil if that
    /// is never.
    ///
    /// It walks over a bounded number of periods; what is left then takes as long as what is done.
    package func end(
        of work: Duration,
        within hours: SendingHours?,
        from start: Timestamp
    ) -> Timestamp? {
        let work = min(work, Self.farthest)
        guard let hours else { return start.advanced(by: work) }
        var (time, left) = (start, work)
        for _ in 0..<Self.stepLimit {
            let period = period(of: hours, at: time)
            guard let end = period.end else { return nil }
            if period.isOpen {
                let room = time.duration(to: end)
                if left <= room { return time.advanced(by: left) }
                left -= room
            }
            time = end
        }
        let done = work - left
        guard done > .zero else { return nil }
        let rest = start.duration(to: time) * (left / done)
        return time.advanced(by: min(rest, Self.farthest))
    }
}

extension ZoneClock {
    /// When the hours are open, in seconds, on the days around today, which is given as its number
    /// since 1970-01-01.
    ///
    /// Those of two days that touch are one opening.
    fileprivate func openings(
        of hours: SendingHours,
        today: Int64,
        _ days: ClosedRange<Int64>
    ) -> [Range<Int64>] {
        var openings: [Range<Int64>] = []
        let isOverMidnight = hours.closesAt <= hours.opensAt
        for day in days.lazy.map({ today + $0 })
        where hours.days.contains(Weekday(daysSince1970: day)) {
            let start = first(showing: day * 86_400 + Int64(hours.opensAt) * 60)
            let lastDay = isOverMidnight ? day + 1 : day
            let end = first(showing: lastDay * 86_400 + Int64(hours.closesAt) * 60)
            // Both may lie in an hour that the clock skips.
            guard start < end else { continue }
            if let last = openings.last, start <= last.upperBound {
                openings[openings.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else {
                openings.append(start..<end)
            }
        }
        return openings
    }

    /// The first second at which the clock shows a local time or a later one.
    ///
    /// A local time that the clock skips is that of the step, and of two at which it shows the same
    /// it is the first.
    private func first(showing local: Int64) -> Int64 {
        // No clock is as far ahead of UTC as that: it shows an earlier time.
        var second = local - 2 * 86_400
        while true {
            let offset = offset(at: second)
            let candidate = max(second, local - offset.seconds)
            guard let until = offset.until, until <= candidate else { return candidate }
            second = until
        }
    }
}

extension [Range<Int64>] {
    /// The period that a second lies in, as far as these openings tell.
    fileprivate func period(at second: Int64) -> SendingPeriod {
        if let opening = first(where: { $0.contains(second) }) {
            return SendingPeriod(
                isOpen: true,
                start: Timestamp(second: opening.lowerBound),
                end: Timestamp(second: opening.upperBound)
            )
        }
        return SendingPeriod(
            isOpen: false,
            start: last { $0.upperBound <= second }.map { Timestamp(second: $0.upperBound) },
            end: first { $0.lowerBound > second }.map { Timestamp(second: $0.lowerBound) }
        )
    }
}

extension Timestamp {
    fileprivate init(second: Int64) {
        self.init(milliseconds: second * 1_000)
    }

    /// The whole second that it lies in.
    fileprivate var second: Int64 { milliseconds.floored(by: 1_000) }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
