import DeliveryCore
import HTTPAPI
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
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
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
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `is written in UTC with milliseconds, and reads back`() {
        #expect(Timestamp(milliseconds: 1_762_824_600_007).rfc3339 == "2025-11-11T01:30:00.007Z")
        #expect(Timestamp(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        for step in stride(
            from: Int64(-62_135_596_800_000),
            to: 253_402_300_799_999,
            by: 864_001_234_567
        ) {
            let time = Timestamp(milliseconds: step)
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }
}

@Suite struct Cursors {
    @Test(arguments: [
        Cursor.campaign(.init(high: 0x0199_0000_0000_7001, low: 0x8000_0000_0000_0001)),
        .account(Account("a")), .account(Account("天")), .account(Account("ab/+ \"x")),
        .account(Account(String(repeating: "z", count: 32))),
    ])
    func `read back what they were made of`(cursor: Cursor) {
        #expect(Cursor(cursor.text) == cursor)
        #expect(
            cursor.text.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0))
            }
        )
    }

    @Test(arguments: ["", "A", "AQ", "Ag", "AmE=", "A m", "////", "AgA", "BWE", "AmF", "AQAAAA"])
    func `of another make are refused`(text: String) {
        #expect(Cursor(text) == nil)
    }
}

@Suite struct `CSV fields` {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""), (" edge", "\" edge\""), ("天", "天"),
    ])
    func `are quoted where needed`(field: String, written: String) {
        var bytes: [UInt8] = []
        appendCSVField(Array(field.utf8), to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == written)
    }
}
