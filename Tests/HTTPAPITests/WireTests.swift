import DeliveryCore
import HTTPAPI
import Testing

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
