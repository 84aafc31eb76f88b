import JSON
import Testing

private func parsed(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

@Suite struct `A rule for a field` {
    private static let even = Rule.text { $0.count % 2 == 0 ? nil : "want an even length" }

    @Test(
        arguments: [
            (.string, #""""#), (.bool, "false"), (.number(), "-1.5e3"), (.number(1...32), "1"),
            (.number(1...32), "32.0"), (.integer(-1...7), "-1"), (.integer(-1...7), "7"),
            (.oneOf([1, 2]), "2"), (.choice(["high", "low"]), #""low""#), (.object, "{}"),
            (.array(of: "numbers"), "[{}]"), (even, #""天a""#), (.anything, "null"),
        ] as [(Rule, String)]
    )
    func `admits what it wants`(rule: Rule, text: String) throws {
        #expect(try rule.fault(in: parsed(text)) == nil)
        #expect(try rule.admits(parsed(text)))
    }

    @Test(
        arguments: [
            (.string, "7", "want a string, not a number"),
            (.bool, #""true""#, "want true or false, not a string"),
            (.number(), "null", "want a number, not null"),
            (.number(1...32), "0.5", "want a number from 1 to 32, not 0.5"),
            (.number(1...32), "[]", "want a number from 1 to 32, not an array"),
            (.integer(0...7), "8", "want a whole number from 0 to 7, not 8"),
            (.integer(0...7), "7.0", "want a whole number from 0 to 7, not 7.0"),
            (.integer(0...7), #""7""#, "want a whole number from 0 to 7, not \"7\""),
            (.oneOf([1, 2, 4]), "3", "want 1, 2 or 4, not 3"),
            (.oneOf([2]), "true", "want 2, not a boolean"),
            (.choice(["high", "low"]), #""High""#, #"want one of "high", "low", not "High""#),
            (.choice(["high", "low"]), "{}", #"want one of "high", "low", not an object"#),
            (.object, "[]", "want an object, not an array"),
            (.array(of: "numbers"), "{}", "want an array of numbers, not an object"),
            (even, #""abc""#, "want an even length"), (even, "7", "want a string, not a number"),
        ] as [(Rule, String, String)]
    )
    func `says what it wants`(rule: Rule, text: String, fault: String) throws {
        #expect(try rule.fault(in: parsed(text)) == fault)
        #expect(try !rule.admits(parsed(text)))
    }

    @Test func `doesn't repeat a long value`() throws {
        let digits = String(repeating: "9", count: 1_000)
        let number = try #require(try Rule.integer(0...7).fault(in: parsed(digits)))
        let text = try #require(try Rule.choice(["a"]).fault(in: parsed("\"\(digits)\"")))
        #expect(number.count < 100 && text == #"want one of "a", not a string"#)
    }
}

@Suite struct `The check of an object` {
    private static let fields: [FieldCheck.Field] = [
        .required("a", .string), .init("b", .integer(0...1)), .required("d", .bool),
        .required("e", .bool),
    ]

    @Test func `names every fault by its pointer`() throws {
        var check = FieldCheck()
        check.object(
            try parsed(#"{"a":1,"b":2,"c~/d":3}"#),
            at: "/x",
            fields: Self.fields
        ) { "no \($0)" }
        #expect(check.faults.map(\.pointer) == ["/x/a", "/x/b", "/x/c~0~1d", "/x/d", "/x/e"])
        #expect(check.faults.map(\.detail).suffix(3) == ["no c~/d", "is missing", "is missing"])
    }

    @Test func `lets unknown fields pass where nobody minds`() throws {
        var check = FieldCheck()
        check.object(try parsed(#"{"z":1}"#), at: "", fields: [.init("a", .string)])
        #expect(check.faults.isEmpty)
        check.object(try parsed("[]"), at: "", fields: Self.fields)
        #expect(check.faults == [.init(pointer: "", detail: "want an object, not an array")])
    }

    @Test func `counts more faults than it lists`() {
        var check = FieldCheck(listing: 2)
        for number in 0..<5 { check.fault("/\(number)", "is wrong") }
        #expect(check.count == 5)
        #expect(check.faults.map(\.pointer) == ["/0", "/1"])
    }
}
