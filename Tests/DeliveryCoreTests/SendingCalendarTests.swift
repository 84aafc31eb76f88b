import DeliveryCore
import TestSupport
import Testing

/// When sending hours are open, by clocks that change as a test says.
struct SendingCalendarTests {
    private static let hour: Int64 = 3_600
    private static let day: Int64 = 86_400
    /// Noon of a Thursday.
    private static let noon: Int64 = 20_440 * day + 12 * hour

    /// The clock springs forward over 02:00 to 03:00 on Thursday, and falls back over it on Saturday.
    private static let zones = SteppedZones([
        "UTC": [(0, 0)],
        "Far/East": [(0, 14 * hour)],
        "Spring/Fall": [
            (0, hour), (20_440 * day + hour, 2 * hour), (20_442 * day + hour, hour),
        ],
        "Skips/Midnight": [(0, 0), (20_440 * day, hour), (20_442 * day, 0)],
    ])

    private func time(_ second: Int64) -> Timestamp { Timestamp(milliseconds: second * 1_000) }

    private func hours(
        _ from: Int,
        _ to: Int,
        _ zone: String = "UTC",
        on days: Set<Weekday> = Set(Weekday.allCases)
    ) -> SendingHours {
        SendingHours(opensAt: from, closesAt: to, days: days, timeZone: zone)
    }

    /// A period as seconds from the Thursday's midnight by UTC.
    private func period(_ hours: SendingHours, at second: Int64) -> String {
        let period = SendingCalendar(Self.zones).period(of: hours, at: time(second))
        let midnight = Self.noon - 12 * Self.hour
        let ends = [period.start, period.end].map { end in
            end.map { Double($0.milliseconds / 1_000 - midnight) / 3_600 }.map { "\($0)" } ?? "-"
        }
        return "\(period.isOpen ? "open" : "closed") \(ends[0]) to \(ends[1])"
    }

    @Test func `hours of a day are open from the first to before the last`() {
        let hours = hours(9 * 60, 21 * 60)
        let midnight = Self.noon - 12 * Self.hour
        #expect(period(hours, at: Self.noon) == "open 9.0 to 21.0")
        #expect(period(hours, at: midnight + 9 * Self.hour) == "open 9.0 to 21.0")
        #expect(period(hours, at: midnight + 9 * Self.hour - 1) == "closed -3.0 to 9.0")
        #expect(period(hours, at: midnight + 21 * Self.hour - 1) == "open 9.0 to 21.0")
        #expect(period(hours, at: midnight + 21 * Self.hour) == "closed 21.0 to 33.0")
    }

    @Test func `hours over midnight belong to the day on which they open`() {
        let hours = hours(22 * 60, 8 * 60, on: [.thursday])
        let midnight = Self.noon - 12 * Self.hour
        #expect(period(hours, at: midnight + 23 * Self.hour) == "open 22.0 to 32.0")
        #expect(period(hours, at: midnight + 31 * Self.hour) == "open 22.0 to 32.0")
        #expect(period(hours, at: midnight + 7 * Self.hour) == "closed -136.0 to 22.0")
        #expect(period(hours, at: midnight + 47 * Self.hour) == "closed 32.0 to 190.0")
    }

    @Test func `the day is that of the zone`() {
        // There Friday begins on Thursday at 10:00.
        let hours = hours(0, 60, "Far/East", on: [.friday])
        #expect(period(hours, at: Self.noon - 2 * Self.hour) == "open 10.0 to 11.0")
        #expect(period(hours, at: Self.noon) == "closed 11.0 to 178.0")
    }

    @Test(arguments: [
        // What lies in the skipped hour is at its end, and nothing is open that lies in it whole.
        (130, 300, "closed -20.0 to 1.0", "open 1.0 to 3.0"),
        (60, 150, "open 0.0 to 1.0", "closed 1.0 to 23.0"),
        (130, 170, "closed -22.166666666666668 to 24.166666666666668", nil),
        // Not an hour is open twice, nor closed in between.
        (30, 240, "open -0.5 to 2.0", "open -0.5 to 2.0"),
    ])
    func `a skipped hour opens and closes at its end`(
        _ from: Int,
        _ to: Int,
        _ before: String,
        _ after: String?
    ) {
        let hours = hours(from, to, "Spring/Fall")
        let step = Self.noon - 11 * Self.hour
        #expect(period(hours, at: step - 1) == before)
        #expect(period(hours, at: step) == after ?? before)
    }

    @Test func `an hour that is there twice counts at its first time`() {
        let step = 20_442 * Self.day + Self.hour
        let from = hours(150, 300, "Spring/Fall")
        // 02:30 is there half an hour before the step and half an hour after it.
        #expect(period(from, at: step - 1_801) == "closed 27.0 to 48.5")
        #expect(period(from, at: step - 1_800) == "open 48.5 to 52.0")
        #expect(period(from, at: step + 1) == "open 48.5 to 52.0")
        let to = hours(60, 150, "Spring/Fall")
        #expect(period(to, at: step - 1_801) == "open 47.0 to 48.5")
        #expect(period(to, at: step + 1) == "closed 48.5 to 72.0")
    }

    @Test func `hours of two days that a step joins are one period`() {
        // Closed from 00:10 to 00:30, which the step skips on Thursday.
        let hours = hours(30, 10, "Skips/Midnight")
        #expect(period(hours, at: Self.noon) == "open -23.5 to 23.166666666666668")
        #expect(period(hours, at: 20_440 * Self.day - 1) == "open -23.5 to 23.166666666666668")
    }

    @Test func `an unknown zone is never open, and a time before 1970 is one as well`() {
        #expect(period(hours(0, 60, "Not/There"), at: Self.noon) == "closed - to -")
        let calendar = SendingCalendar(Self.zones)
        let old = calendar.period(of: hours(0, 60), at: time(-Self.day))
        #expect(old.isOpen && old.start == time(-Self.day))
    }

    @Test func `periods are those that a look at every five minutes finds, and take turns`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<30 {
            let zone = ["Spring/Fall", "Skips/Midnight"][Int.random(in: 0..<2, using: &random)]
            let from = Int.random(in: 0..<288, using: &random) * 5
            let to = (from + Int.random(in: 1..<288, using: &random) * 5) % 1_440
            let days = Set(Weekday.allCases.filter { _ in Bool.random(using: &random) })
            let own = hours(from, to, zone, on: days.isEmpty ? [.friday] : days)
            let openings = Looks(own, Self.zones).openings
            let calendar = SendingCalendar(Self.zones)
            let span = (Self.noon - 4 * Self.day)..<(Self.noon + 6 * Self.day)
            var last: SendingPeriod?
            for second in stride(from: span.lowerBound, to: span.upperBound, by: 300) {
                let period = calendar.period(of: own, at: time(second))
                let isOpen = openings.contains { $0.contains(second) }
                if period.isOpen != isOpen || !period.contains(time(second)) {
                    Issue.record("\(own) at \(second): \(period)")
                }
                if let last, last != period,
                    last.end != period.start || last.isOpen == period.isOpen
                {
                    Issue.record("\(own): \(period) follows \(last)")
                }
                last = period
            }
        }
    }

    // MARK: - Work within hours

    @Test(arguments: [
        // Hours of work from noon on, and when it has ended, in hours after noon.
        (0, 0), (3, 3), (9, 9), (10, 22), (21, 33), (22, 46), (12 * 30, 24 * 30),
    ])
    func `work goes on only while the hours are open`(_ work: Int64, _ end: Int64) {
        let calendar = SendingCalendar(Self.zones)
        let found = calendar.end(
            of: .seconds(work * Self.hour),
            within: hours(9 * 60, 21 * 60),
            from: time(Self.noon)
        )
        #expect(found == time(Self.noon + end * Self.hour))
    }

    @Test func `nothing goes before the opening, and never where there is none`() {
        let calendar = SendingCalendar(Self.zones)
        let night = hours(23 * 60, 60)
        let noon = time(Self.noon)
        let opening = time(Self.noon + 11 * Self.hour)
        #expect(calendar.end(of: .zero, within: night, from: noon) == opening)
        #expect(calendar.opening(of: night, from: noon) == opening)
        #expect(calendar.opening(of: night, from: opening) == opening)
        #expect(calendar.end(of: .zero, within: hours(0, 60, "Not/There"), from: noon) == nil)
        #expect(
            calendar.end(of: .seconds(5), within: nil, from: noon) == noon.advanced(by: .seconds(5))
        )
    }

    @Test func `a forecast far ahead takes a bounded number of steps and stays about right`() throws
    {
        let calendar = SendingCalendar(Self.zones)
        let hours = hours(12 * 60, 12 * 60 + 1, on: [.thursday])
        // A thousand minutes, one a week.
        let end = try #require(
            calendar.end(of: .seconds(60_000), within: hours, from: time(Self.noon))
        )
        let weeks = time(Self.noon).duration(to: end).inSeconds / Double(7 * Self.day)
        #expect(abs(weeks - 1_000) < 40, "\(weeks)")
    }
}

/// Openings by a look at every five minutes, without any cleverness.
private struct Looks {
    let openings: [Range<Int64>]

    init(_ hours: SendingHours, _ zones: SteppedZones) {
        let days: ClosedRange<Int64> = 20_426...20_456
        guard let clock = zones.clock(of: hours.timeZone) else {
            openings = []
            return
        }
        let start = (days.lowerBound - 2) * 86_400
        let locals = (0..<40 * 288).map { look in
            let second = start + Int64(look) * 300
            return second + clock.offset(at: second).seconds
        }
        func first(_ local: Int64) -> Int64? {
            locals.firstIndex { $0 >= local }.map { start + Int64($0) * 300 }
        }
        openings = days.compactMap { day in
            // 1970-01-01 was a Thursday.
            let weekday = Weekday.allCases[Int((day + 3) % 7)]
            guard hours.days.contains(weekday) else { return nil }
            let last = hours.closesAt > hours.opensAt ? day : day + 1
            guard let from = first(day * 86_400 + Int64(hours.opensAt * 60)),
                let to = first(last * 86_400 + Int64(hours.closesAt * 60)), from < to
            else { return nil }
            return from..<to
        }
    }
}
