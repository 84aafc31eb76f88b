import JSON
import Testing

@Test(arguments: [
    "null", "true", "false", "0", "-0", "12", "-1.5", "1e3", "1E+3", "0.5e-10", "\"\"", "\"a\"",
    "[]", "[1]", "[[],{}]", "{}", #"{"a":1,"b":[null]}"#, " \t\r\n[ 1 , 2 ]\n", #""\u0041""#,
    #""\"\\\/\b\f\n\r\t""#, "\"\u{7F}\"", "\"é😀\"", #"{"":0}"#, #"{"a":1,"A":2}"#,
    "123456789012345678901234567890",
])
func `a document of RFC 8259 is accepted`(_ text: String) throws {
    let bytes = Array(text.utf8)
    let json = try JSON(parsing: bytes)
    #expect(json.range.upperBound <= bytes.count)
}

@Test(arguments: [
    "", " ", "nul", "nulll", "True", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x1", "NaN",
    "Infinity", "1 2", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{a:1}", "{'a':1}",
    #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{1:2}"#, "\"", "\"a",
    #""\x""#, #""\u12""#, #""\u12g4""#, "\"\n\"", "\"\u{1}\"", "'a'", "// c\n1", "[1]x",
    "\u{FEFF}1", "\u{A0}1", #"""# + "\\",
])
func `what is no JSON is refused`(_ text: String) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
}

@Test(
    arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22],
        [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
    ] as [[UInt8]]
)
func `a string that isn't UTF-8 is refused`(_ bytes: [UInt8]) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: bytes) }
}

@Test func `a pair of surrogates is one character`() throws {
    #expect(try JSON(parsing: Array(#""\uD83D\uDE00""#.utf8)).string == "😀")
    #expect(try JSON(parsing: Array(#""\ud800\udc00""#.utf8)).string == "\u{10000}")
    #expect(try JSON(parsing: Array(#""\udbff\udfff""#.utf8)).string == "\u{10FFFF}")
}

@Test(arguments: [
    #""\uD83D""#, #""\uDE00""#, #""\uD83Dx""#, #""\uD83D\n""#, #""\uD83D\u0041""#,
    #""\uD83D\uD83D""#, #""\uDE00\uD83D""#,
])
func `half of a pair of surrogates is refused`(_ text: String) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
}

@Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"[{"b":{"x":1,"y":2,"x":3}}]"#])
func `a member named twice is refused`(_ text: String) {
    #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
}

@Test func `two Unicode spellings of a name are two members`() throws {
    let json = try JSON(parsing: Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
    #expect(json["\u{E9}"]?.integer == 1)
    #expect(json["e\u{301}"]?.integer == 2)
}

@Test func `nesting is bounded, by arrays and objects alike`() throws {
    func nested(_ depth: Int) -> [UInt8] {
        let opening = (0..<depth).map { $0 % 2 == 0 ? "[" : #"{"a":"# }.joined()
        let closing = (0..<depth).reversed().map { $0 % 2 == 0 ? "]" : "}" }.joined()
        return Array((opening + (depth % 2 == 0 ? "1" : "") + closing).utf8)
    }
    #expect(throws: Never.self) { try JSON(parsing: nested(JSON.depthLimit)) }
    let tooDeep = Array(repeating: UInt8(ascii: "["), count: JSON.depthLimit + 1)
    let error = #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: tooDeep) }
    #expect(error?.problem.contains("64") == true)
    #expect(error?.offset == JSON.depthLimit)
    // Side by side isn't deep.
    let wide = "[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]"
    #expect(try JSON(parsing: Array(wide.utf8)).elements?.count == 1000)
}

@Test(arguments: [("[1,x]", 3), ("[1 2]", 3), (#"{"a":1,"a":2}"#, 7), ("\"\u{1}\"", 1), ("1 x", 2)])
func `a fault names its byte`(_ text: String, offset: Int) {
    let error = #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
    #expect(error?.offset == offset)
    #expect(error?.description.hasSuffix("at byte \(offset)") == true)
}

@Test func `a value keeps the range of its text`() throws {
    let text = #" {"a" : [ 1.50 , "x\n" ] , "b":null}"#
    let bytes = Array(text.utf8)
    let json = try JSON(parsing: bytes)
    func written(_ json: JSON?) -> String {
        String(decoding: bytes[json?.range ?? 0..<0], as: UTF8.self)
    }
    #expect(written(json) == String(text.dropFirst()))
    #expect(written(json["a"]) == #"[ 1.50 , "x\n" ]"#)
    #expect(json["a"]?.elements?.map(written) == ["1.50", #""x\n""#])
    #expect(written(json["b"]) == "null")
}

@Test func `values are seen as what they are`() throws {
    let json = try JSON(
        parsing: Array(#"{"i":-7,"f":1.0,"e":1e3,"s":"t","b":true,"n":null,"a":[],"o":{}}"#.utf8)
    )
    #expect(json["i"]?.integer == -7)
    #expect(json["f"]?.integer == nil)
    #expect(json["e"]?.integer == nil)
    #expect(json["e"]?.double == 1000)
    #expect(json["s"]?.string == "t")
    #expect(json["s"]?.integer == nil)
    #expect(json["b"]?.bool == true)
    #expect(json["n"]?.isNull == true)
    #expect(json["x"] == nil)
    #expect(json.members?.map(\.name) == ["i", "f", "e", "s", "b", "n", "a", "o"])
    #expect(
        json.members?.map(\.value.kindName) == [
            "a number", "a number", "a number", "a string", "a boolean", "null", "an array",
            "an object",
        ]
    )
    let huge = try JSON(parsing: Array("99999999999999999999".utf8))
    #expect(huge.integer == nil)
    #expect(huge.kind == .number("99999999999999999999"))
}

@Test func `a pointer's part escapes what RFC 6901 says`() {
    #expect(JSON.pointerPart("a") == "/a")
    #expect(JSON.pointerPart("a/b~c~1") == "/a~1b~0c~01")
    #expect(JSON.pointerPart("") == "/")
}

@Test(arguments: [
    (#"{"a":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#, "a"),
    (#"{"b":1,"a":"012345678901234567890123456789"}"#, "a"),
    (#"{"a":"\u0041\u0041\u0041\u0041\u0041\u0041"}"#, "a"),
    (#"{"a":1234567890123456789012345678901234567890}"#, "a"),
    (#"{"a":{"":{"":{"":{"":{"":{"":{"":{}}}}}}}}}"#, "a"),
    (#"{"a":[true,false,null,true,false,null]}"#, "a"),
    (#"{"s":[[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]}"#, "s"),
    (#"{"a0123456789012345678901234567890123456789":1}"#, ""),
    ("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", ""),
])
func `more than may be kept is refused where it goes beyond`(text: String, member: String) throws {
    let bytes = Array(text.utf8)
    // As much again behind it: the parser must not look at that.
    let endless = bytes.dropLast(2) + [UInt8](repeating: UInt8(ascii: "0"), count: 1_000)
    let error = try #require(throws: JSON.SyntaxError.self) {
        try JSON(parsing: Array(endless), keeping: 30, showing: "s") { _ in }
    }
    if error.oversizedMember == nil {
        let whole = try #require(throws: JSON.SyntaxError.self) {
            try JSON(parsing: bytes, keeping: 30, showing: "s") { _ in }
        }
        #expect(whole.oversizedMember == member)
    } else {
        #expect(error.oversizedMember == member)
    }
}

@Test func `what may be kept is counted without white space and without the elements shown`() throws
{
    let space = String(repeating: " ", count: 1_000)
    let elements = Array(repeating: #""0123456789""#, count: 1_000).joined(separator: ",")
    let text = #"{"a":\#(space)[1,2],\#(space)"s":[\#(elements)],"b":3}"#
    var count = 0
    let json = try JSON(parsing: Array(text.utf8), keeping: 30, showing: "s") { _ in count += 1 }
    #expect(json["b"]?.integer == 3)
    #expect(count == 1_000)
}

@Test func `random bytes never crash the parser`() {
    var state: UInt64 = 88_172_645_463_325_252
    let pieces = Array(#"{}[]",:\u0dD8e-+.19tfn "#.utf8) + [0xC3, 0xA9, 0xFF, 0x00]
    var accepted = 0
    for _ in 0..<20_000 {
        var bytes: [UInt8] = []
        for _ in 0..<8 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.append(pieces[Int(state % UInt64(pieces.count))])
            if state >> 60 == 0 { break }
        }
        do {
            _ = try JSON(parsing: bytes)
            accepted += 1
        } catch {
            #expect((0...bytes.count).contains(error.offset))
        }
    }
    #expect(accepted > 0)
}
