import Codecs
import Testing

@Suite struct `Base 64` {
    @Test(
        arguments: [
            ([], "", "", ""), ([0x66], "Zg==", "Zg", "Zg__"),
            ([0x66, 0x6F], "Zm8=", "Zm8", "Zm8_"),
            ([0x66, 0x6F, 0x6F], "Zm9v", "Zm9v", "Zm9v"),
            ([0x66, 0x6F, 0x6F, 0x62], "Zm9vYg==", "Zm9vYg", "Zm9vYg__"),
            ([0xFB, 0xEF, 0xFF], "++//", "--__", "**--"),
            ([0xFB, 0xFF, 0xBF, 0x00], "+/+/AA==", "-_-_AA", "*-*-AA__"),
        ] as [([UInt8], String, String, String)]
    )
    func `has its alphabets`(bytes: [UInt8], standard: String, url: String, userSig: String) {
        let texts: [(Base64.Alphabet, String)] =
            [(.standard, standard), (.url, url), (.userSig, userSig)]
        for (alphabet, text) in texts {
            #expect(Base64.encode(bytes, alphabet) == text)
            #expect(Base64.decode(text.utf8, alphabet) == bytes)
        }
    }

    @Test(
        arguments: [
            ("Zg=", .standard), ("Zg", .standard), ("Z===", .standard), ("=", .standard),
            ("====", .standard), ("Zg==Zg==", .standard), ("Zm9v\n", .standard),
            ("Zm 9", .standard),
            ("--__", .standard), ("**--", .standard), ("++//", .userSig), ("Zg==", .userSig),
            ("Zg==", .url), ("++//", .url), ("Z", .url), ("A", .url), ("Zm9vY", .url),
            ("天天天天", .url),
            // Bits that stand for nothing.
            ("Zh", .url), ("Zm9", .url),
        ] as [(String, Base64.Alphabet)]
    )
    func `of another form is refused`(text: String, alphabet: Base64.Alphabet) {
        #expect(Base64.decode(text.utf8, alphabet) == nil)
    }

    @Test(arguments: Base64.Alphabet.allCases)
    func `reads back what was written`(alphabet: Base64.Alphabet) {
        for count in 0..<100 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 * 37 + count) }
            #expect(Base64.decode(Base64.encode(bytes, alphabet).utf8, alphabet) == bytes)
        }
    }
}

@Suite struct `Percent encoding` {
    @Test(
        arguments: [
            ("", ""), ("azAZ09-._~", "azAZ09-._~"), ("a b", "a%20b"), ("a+b/c?", "a%2Bb%2Fc%3F"),
            ("天", "%E5%A4%A9"), ("100%", "100%25"), ("\u{0}\u{7F}", "%00%7F"),
        ]
    )
    func `escapes all that is reserved`(text: String, encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(encoded) == Array(text.utf8))
    }

    @Test func `takes escapes in either case, and bytes that are no text`() {
        #expect(PercentEncoding.decode("%e5%A4+") == [0xE5, 0xA4, 0x2B])
        #expect(PercentEncoding.decode("%ff") == [0xFF])
    }

    @Test(arguments: ["%", "a%2", "%G0", "%0G", "%+1", "%%41", "%天"])
    func `that is broken is refused`(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test func `makes a query of names and values`() {
        #expect(
            PercentEncoding.query([("state", "a b"), ("l=&", "5")]) == "?state=a%20b&l%3D%26=5"
        )
        #expect(PercentEncoding.query([]) == "")
    }
}

@Suite struct `Hexadecimal digits` {
    @Test func `are two for each byte`() {
        #expect(Hexadecimal.text([0x00, 0x0F, 0xA0, 0xFF] as [UInt8]) == "000fa0ff")
        #expect(Hexadecimal.digits(of: 0xAB, isUpper: true) == Array("AB".utf8))
    }

    @Test func `are known in either case, and nothing else is one`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let value = character.isASCII ? character.hexDigitValue.map(UInt8.init) : nil
            #expect(Hexadecimal.value(of: byte) == value)
        }
    }
}

@Suite struct `The bytes of a UUID` {
    @Test func `begin with the most significant`() throws {
        let bytes = UUIDBytes.encode(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
        #expect(bytes == Array(1...16))
        let (high, low) = try #require(UUIDBytes.decode(bytes))
        #expect(high == 0x0102_0304_0506_0708 && low == 0x090A_0B0C_0D0E_0F10)
    }

    @Test(arguments: [0, 8, 15, 17])
    func `are sixteen`(count: Int) {
        #expect(UUIDBytes.decode([UInt8](repeating: 1, count: count)) == nil)
    }
}

@Test(
    arguments: [
        ("localhost", true), ("::1", true), ("127.0.0.1", true), ("127.255.0.9", true),
        ("127.1", false), ("128.0.0.1", false), ("127.0.0.1.example", false),
        ("127.0.0.256", false), ("127.0.0.+1", false), ("127.0.0.", false), ("127..0.0.1", false),
        ("::2", false),
        ("localhost.example", false), ("", false),
    ]
)
func `a machine knows its own names`(host: String, isLoopback: Bool) {
    #expect(Loopback.contains(host) == isLoopback)
}
