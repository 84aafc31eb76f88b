import Codecs
import Testing

@Suite struct `RFC 3339` {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-11-11T09:30:00+08:00", 1_762_824_600_000),
        ("2025-11-11T01:30:00.000Z", 1_762_824_600_000),
        ("2025-11-10T20:00:00.1239-05:30", 1_762_824_600_123),
        ("2025-11-11t01:30:00.5z", 1_762_824_600_500),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ])
    func `is read`(text: String, milliseconds: Int64) {
        #expect(RFC3339.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "", "2025-11-11", "2025-11-11T01:30:00", "2025-11-11 01:30:00Z", "2025-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-11-11T24:00:00Z",
        "2025-11-11T01:60:00Z", "2025-11-11T01:30:61Z", "2025-11-11T01:30:00.Z",
        "2025-11-11T01:30:00+0800", "2025-11-11T01:30:00+24:00", "2025-11-11T01:30:00Z ",
        " 2025-11-11T01:30:00Z", "25-11-11T01:30:00Z", "2025-1-11T01:30:00Z",
        "2025-11-11T01:30:00,5Z", "+2025-11-11T01:30:00Z", "1762824600",
        "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
    ])
    func `is refused`(text: String) {
        #expect(RFC3339.milliseconds(text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_762_824_600_007, "2025-11-11T01:30:00.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func `is written in UTC with milliseconds`(milliseconds: Int64, text: String) {
        #expect(RFC3339.text(milliseconds: milliseconds) == text)
    }

    @Test func `reads back what was written`() {
        for time in stride(
            from: Int64(-62_135_596_800_000),
            to: 253_402_300_799_999,
            by: 864_001_234_567
        ) {
            #expect(RFC3339.milliseconds(RFC3339.text(milliseconds: time)) == time)
        }
    }
}

@Test func `days follow each other through four centuries of the calendar`() {
    var expected = CivilDate(year: 1899, month: 12, day: 31)
    for days in expected.daysSince1970...CivilDate(year: 2300, month: 1, day: 1).daysSince1970 {
        let date = CivilDate(daysSince1970: days)
        #expect(date == expected)
        #expect(date.daysSince1970 == days)
        let isLastOfMonth = date.day == CivilDate.days(ofMonth: date.month, year: date.year)
        let isLastOfYear = isLastOfMonth && date.month == 12
        expected = CivilDate(
            year: date.year + (isLastOfYear ? 1 : 0),
            month: isLastOfYear ? 1 : date.month + (isLastOfMonth ? 1 : 0),
            day: isLastOfMonth ? 1 : date.day + 1
        )
    }
}

@Suite struct `HTTP's time` {
    @Test(
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Tue, 14 Nov 2023 22:13:20 GMT", 1_700_000_000),
        ] as [(String, Int64)]
    )
    func `is read and written`(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text) == seconds)
        #expect(HTTPDate.text(seconds: seconds) == text)
    }

    @Test(arguments: [
        "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994  08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:+7 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun 06 Nov 1994 08:49:37 GMT",
    ])
    func `is refused in any other form`(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }

    @Test func `reads back what was written`() {
        for time in stride(from: Int64(0), to: 253_402_300_799, by: 86_401_234) {
            #expect(HTTPDate.seconds(HTTPDate.text(seconds: time)) == time)
        }
    }
}
