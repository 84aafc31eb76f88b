import JSON
import Testing

@Test func `the writer puts commas between values and members, and nowhere else`() {
    var text = JSONText()
    text.beginObject()
    text.name("a")
    text.beginArray()
    text.number(1)
    text.null()
    text.beginArray()
    text.endArray()
    text.beginObject()
    text.endObject()
    text.bool(true)
    text.endArray()
    text.name("b")
    text.beginObject()
    text.name("c")
    text.string("d")
    text.endObject()
    text.name("e")
    text.raw("1.50".utf8)
    text.endObject()
    #expect(text.string == #"{"a":[1,null,[],{},true],"b":{"c":"d"},"e":1.50}"#)
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
