import JSON
import Testing

@Test func `the writer puts commas between values and members, and nowhere else`() {
    let text = JSONText { text in
        text.object {
            $0.field("a") { text in
                text.array {
                    $0.number(1)
                    $0.null()
                    $0.array { _ in }
                    $0.object { _ in }
                    $0.bool(true)
                }
            }
            $0.object("b") {
                $0.field("c", "d")
                $0.field("missing", nil as String?)
            }
            $0.array("list", of: [1, 2]) { $0.number($1) }
            $0.field(named: "e\"") { $0.raw("1.50".utf8) }
            $0.field("f", json: "[ ]".utf8)
            $0.field("g", 7)
            $0.field("h", utf8: [0x0A])
        }
    }
    #expect(
        text.string == #"{"a":[1,null,[],{},true],"b":{"c":"d","missing":null},"list":[1,2],"#
            + #""e\"":1.50,"f":[ ],"g":7,"h":"\n"}"#
    )
}

@Test func `lines are documents of their own`() {
    var text = JSONText()
    for number in 1...2 {
        text.object { $0.field("n", number) }
        text.endLine()
    }
    #expect(text.string == "{\"n\":1}\n{\"n\":2}\n")
}

@Test func `only what must be escaped is`() {
    var text = JSONText()
    text.string("\"\\\n\r\t\u{1}\u{1F}/é\u{7F}😀")
    #expect(text.string == #""\"\\\n\r\t\u0001\u001f/é"# + "\u{7F}😀\"")
}

@Test func `what the writer writes, the parser reads`() throws {
    for scalar in (0...0x2FF).compactMap(Unicode.Scalar.init) {
        let bytes = Array("x\(scalar)y".utf8)
        var text = JSONText()
        text.string(bytes)
        #expect(try JSON(parsing: text.bytes).stringBytes == bytes)
    }
}
