import Codecs
import DeliveryCore
import Foundation
import TestSupport
import Testing
import TimeZoneData

/// The machine's time zones, and sending hours by them.
struct ZoneFolderTests {
    private let folder = ZoneFolder.system

    /// A time by UTC, such as `2026-03-29 01:00`.
    private static func second(_ text: String) -> Int64 {
        let parts = text.split(whereSeparator: { "- :".contains($0) }).compactMap { Int64($0) }
        let date = CivilDate(year: parts[0], month: parts[1], day: parts[2])
        return date.daysSince1970 * 86_400 + parts[3] * 3_600 + parts[4] * 60
    }

    private static func text(_ time: Timestamp?) -> String {
        guard let time else { return "-" }
        let minutes = time.milliseconds / 60_000
        let date = CivilDate(daysSince1970: minutes / 1_440)
        let parts = [date.month, date.day, minutes / 60 % 24, minutes % 60].map { part in
            part < 10 ? "0\(part)" : "\(part)"
        }
        return "\(date.year)-\(parts[0])-\(parts[1]) \(parts[2]):\(parts[3])"
    }

    // MARK: - Zones

    @Test(arguments: [
        ("UTC", "2026-06-01 00:00", 0), ("Asia/Shanghai", "2026-06-01 00:00", 480),
        ("Asia/Kolkata", "2026-06-01 00:00", 330), ("Asia/Kathmandu", "2026-01-01 00:00", 345),
        ("America/St_Johns", "2026-01-01 00:00", -210),
        ("America/St_Johns", "2026-07-01 00:00", -150),
        ("Europe/Berlin", "2026-03-29 00:59", 60), ("Europe/Berlin", "2026-03-29 01:00", 120),
        ("Europe/Berlin", "2026-10-25 00:59", 120), ("Europe/Berlin", "2026-10-25 01:00", 60),
        // Half an hour of summer time.
        ("Australia/Lord_Howe", "2026-01-01 00:00", 660),
        ("Australia/Lord_Howe", "2026-07-01 00:00", 630),
        // Behind what the file lists, by its rule.
        ("Europe/Berlin", "2099-07-01 00:00", 120), ("Europe/Berlin", "2099-12-01 00:00", 60),
        ("America/New_York", "2150-07-01 00:00", -240),
        ("Australia/Sydney", "2150-01-01 00:00", 660),
        ("Asia/Shanghai", "2150-07-01 00:00", 480), ("Etc/GMT+8", "2026-01-01 00:00", -480),
        // History.
        ("Asia/Shanghai", "1988-07-01 00:00", 540), ("Pacific/Apia", "2011-12-30 09:59", -600),
        ("Pacific/Apia", "2011-12-30 10:00", 840),
    ])
    func `a zone's clock is as far ahead as its data say`(
        _ zone: String,
        _ time: String,
        _ minutes: Int64
    ) throws {
        let clock = try #require(folder.clock(of: zone))
        #expect(clock.offset(at: Self.second(time)).seconds == minutes * 60)
    }

    /// Foundation has data of its own, of which only what is long past is sure to be the same.
    @Test func `every zone that Foundation knows too shows the same time at any time`() throws {
        var random = SplitMix64(seed: 1)
        var compared = 0
        for name in TimeZone.knownTimeZoneIdentifiers.sorted() where name.contains("/") {
            guard let clock = folder.clock(of: name), let zone = TimeZone(identifier: name) else {
                continue
            }
            for _ in 0..<40 {
                let second = Int64.random(in: 315_532_800..<1_672_531_200, using: &random)
                let date = Date(timeIntervalSince1970: Double(second))
                let offset = clock.offset(at: second)
                #expect(
                    Int(offset.seconds) == zone.secondsFromGMT(for: date),
                    "\(name) at \(second)"
                )
                if let until = offset.until {
                    #expect(until > second)
                    #expect(clock.offset(at: until - 1).seconds == offset.seconds)
                }
                compared += 1
            }
        }
        #expect(compared > 10_000)
    }

    @Test func `a rule goes on without a gap where the list ends`() throws {
        for name in ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Nuuk"] {
            let clock = try #require(folder.clock(of: name))
            var second = Self.second("2030-01-01 00:00")
            var changes = 0
            while second < Self.second("2060-01-01 00:00") {
                let offset = clock.offset(at: second)
                let until = try #require(offset.until)
                #expect(until > second)
                #expect(clock.offset(at: until - 1).seconds == offset.seconds)
                if clock.offset(at: until).seconds != offset.seconds { changes += 1 }
                second = until
            }
            #expect(abs(changes - 60) <= 1, "\(name): \(changes)")
        }
    }

    // MARK: - Names

    @Test(arguments: [
        ("UTC", nil), ("Asia/Shanghai", nil), ("America/Argentina/Buenos_Aires", nil),
        ("Asia/Shangai", "did you mean Asia/Shanghai?"),
        ("asia/shanghai", "did you mean Asia/Shanghai?"),
        ("Shanghai", "did you mean Asia/Shanghai?"),
        ("Europe/Shanghai", "did you mean Asia/Shanghai?"),
        ("America/New York", "did you mean America/New_York?"),
        ("Europe/Berlni", "did you mean Europe/Berlin?"),
        ("Nowhere/Atall_Quite_Elsewhere", "want UTC or a name such as Asia/Shanghai"),
        ("", "want UTC or a name"), ("/", "want UTC"), ("CST", "there is no such time zone"),
        ("posix/Asia/Shanghai", "there is no such time zone"),
        ("right/Asia/Shanghai", "there is no such time zone"),
        ("Asia/../Asia/Shanghai", "there is no such time zone"),
        ("../zoneinfo/UTC", "there is no such time zone"), ("Asia/", "there is no such time zone"),
        ("America/Argentina", "there is no such time zone"),
    ])
    func `a name that isn't known has a nearest one or a remedy`(_ name: String, _ part: String?) {
        let fault = folder.fault(of: name)
        #expect((fault == nil) == (part == nil))
        if let part { #expect(fault?.contains(part) == true, "\(fault ?? "")") }
    }

    @Test func `a machine without the data says which package brings them, and knows UTC`() throws {
        let empty = try TemporaryFolder()
        defer { empty.remove() }
        let folder = ZoneFolder(at: empty.path)
        #expect(folder.fault(of: "UTC") == nil)
        let fault = folder.fault(of: "Asia/Shanghai")
        #expect(fault?.contains("no time zone data in \(empty.path)") == true)
        #expect(fault?.contains("tzdata") == true)
        #expect(folder.clock(of: "Asia/Shanghai") == nil)
    }

    @Test func `data that were brought up to date are read when they are forgotten`() throws {
        let own = try TemporaryFolder()
        defer { own.remove() }
        try FileManager.default.createDirectory(
            atPath: own.path + "/Made",
            withIntermediateDirectories: true
        )
        let file = own.path + "/Made/Up"
        try makeZone("<+01>-1").write(to: URL(filePath: file))
        let folder = ZoneFolder(at: own.path)
        #expect(folder.clock(of: "Made/Up")?.offset(at: 0).seconds == 3_600)
        try makeZone("<+02>-2").write(to: URL(filePath: file))
        #expect(folder.clock(of: "Made/Up")?.offset(at: 0).seconds == 3_600)
        folder.forget()
        #expect(folder.clock(of: "Made/Up")?.offset(at: 0).seconds == 7_200)
    }

    // MARK: - Damage

    /// A file without changes, whose clock goes by a rule.
    private func makeZone(_ rule: String) -> Data {
        let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        let counts: [UInt8] = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4,
        ]
        let block = header + counts + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        return Data(block + block + Array("\n\(rule)\n".utf8))
    }

    @Test(arguments: [
        ("EST5EDT,M3.2.0,M11.1.0", true), ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true),
        ("XXX3EDT4,J1/0,J365/23", true), ("IST-2IDT,M3.4.4/26,M10.5.0", true),
        ("EST5EDT,0/0,J365/25", true), ("", true), ("EST", false), ("EST5EDT", false),
        ("EST5EDT,M3.2.0", false), ("EST5EDT,M13.2.0,M11.1.0", false), ("EST25", false),
        ("EST5EDT,M3.2.0,M11.1.0,", false), ("<EST5", false), ("EST5EDT,M3.2.0/168,M11.1.0", false),
    ])
    func `a rule is understood, or the file is refused`(_ rule: String, _ isUnderstood: Bool) {
        do {
            _ = try ZoneFile(Array(makeZone(rule)))
            #expect(isUnderstood)
        } catch {
            #expect(!isUnderstood)
            #expect(error.text.contains(rule))
        }
    }

    @Test func `summer time that lasts all year has no end`() throws {
        let clock = try ZoneFile(Array(makeZone("EST5EDT,0/0,J365/25")))
        for day in 0..<800 {
            let second = 1_700_000_000 + Int64(day) * 43_200
            #expect(clock.offset(at: second).seconds == -4 * 3_600)
        }
    }

    @Test
    func `a file that is cut off or has a byte changed is read or refused, never trusted blindly`()
        throws
    {
        let whole = Array(try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in stride(from: 0, to: whole.count - 1, by: 7) {
            #expect(throws: ZoneFile.Damage.self) { try ZoneFile(Array(whole.prefix(length))) }
        }
        var random = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            var bytes = whole
            let index = Int.random(in: 0..<bytes.count, using: &random)
            bytes[index] = UInt8.random(in: 0...255, using: &random)
            do {
                let clock = try ZoneFile(bytes)
                let offset = clock.offset(at: 1_700_000_000)
                #expect(abs(offset.seconds) <= 90_000)
                #expect(offset.until ?? .max > 1_700_000_000)
            } catch {
                #expect(!error.text.isEmpty)
            }
        }
    }

    // MARK: - Hours

    @Test(arguments: [
        // Zone, from, to, a time, and the period that it lies in.
        (
            "Asia/Shanghai", 540, 1_260, "2026-11-11 00:59",
            "closed 2026-11-10 13:00 2026-11-11 01:00"
        ),
        ("Asia/Shanghai", 540, 1_260, "2026-11-11 01:00", "open 2026-11-11 01:00 2026-11-11 13:00"),
        (
            "Asia/Kolkata", 540, 1_260, "2026-11-11 03:29",
            "closed 2026-11-10 15:30 2026-11-11 03:30"
        ),
        (
            "America/St_Johns", 540, 1_260, "2026-07-01 11:30",
            "open 2026-07-01 11:30 2026-07-01 23:30"
        ),
        (
            "America/St_Johns", 540, 1_260, "2026-01-01 12:30",
            "open 2026-01-01 12:30 2026-01-02 00:30"
        ),
        // 02:30 is skipped on this Sunday: it opens at 03:00, which is 01:00 by UTC.
        ("Europe/Berlin", 150, 300, "2026-03-29 01:00", "open 2026-03-29 01:00 2026-03-29 03:00"),
        ("Europe/Berlin", 150, 300, "2026-03-29 00:59", "closed 2026-03-28 04:00 2026-03-29 01:00"),
        // 02:30 is there twice: it opens at the first, and hours that last for two by the clock last
        // for three.
        ("Europe/Berlin", 150, 270, "2026-10-25 00:30", "open 2026-10-25 00:30 2026-10-25 03:30"),
        ("Europe/Berlin", 60, 150, "2026-10-25 00:29", "open 2026-10-24 23:00 2026-10-25 00:30"),
        // Nights over a change of the clock, an hour shorter and longer.
        ("Europe/Berlin", 1_320, 360, "2026-03-29 00:00", "open 2026-03-28 21:00 2026-03-29 04:00"),
        ("Europe/Berlin", 1_320, 360, "2026-10-25 00:00", "open 2026-10-24 20:00 2026-10-25 05:00"),
        // Half an hour is skipped there: 02:15 is 02:30.
        (
            "Australia/Lord_Howe", 135, 300, "2026-10-03 15:30",
            "open 2026-10-03 15:30 2026-10-03 18:00"
        ),
        (
            "Australia/Lord_Howe", 110, 300, "2026-04-04 14:50",
            "open 2026-04-04 14:50 2026-04-04 18:30"
        ),
        // Over the year's end.
        ("Asia/Shanghai", 1_380, 60, "2026-12-31 15:30", "open 2026-12-31 15:00 2026-12-31 17:00"),
        (
            "America/St_Johns", 1_380, 60, "2027-01-01 03:00",
            "open 2027-01-01 02:30 2027-01-01 04:30"
        ),
        // A day that never was has no hours.
        (
            "Pacific/Apia", 540, 1_260, "2011-12-30 12:00",
            "closed 2011-12-30 07:00 2011-12-30 19:00"
        ),
    ])
    func `hours open and close by the zone's own clock`(
        _ zone: String,
        _ from: Int,
        _ to: Int,
        _ time: String,
        _ expected: String
    ) {
        let hours = SendingHours(opensAt: from, closesAt: to, timeZone: zone)
        let now = Timestamp(milliseconds: Self.second(time) * 1_000)
        let period = SendingCalendar(folder).period(of: hours, at: now)
        let found = [
            period.isOpen ? "open" : "closed", Self.text(period.start), Self.text(period.end),
        ]
        #expect(found.joined(separator: " ") == expected)
    }

    @Test func `days are those of the zone`() {
        let hours = SendingHours(
            opensAt: 540,
            closesAt: 1_260,
            days: [.monday],
            timeZone: "Asia/Shanghai"
        )
        let sunday = Timestamp(milliseconds: Self.second("2026-11-15 23:00") * 1_000)
        let period = SendingCalendar(folder).period(of: hours, at: sunday)
        #expect(Self.text(period.end) == "2026-11-16 01:00")
        #expect(Self.text(period.start) == "2026-11-09 13:00")
    }
}
