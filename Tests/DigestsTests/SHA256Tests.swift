import Codecs
import Digests
import Testing

@Suite struct `SHA-256` {
    @Test(
        arguments: [
            ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
    )
    func `has the standard's examples`(text: String, times: Int, digest: String) {
        let bytes = Array(String(repeating: text, count: times).utf8)
        #expect(Hexadecimal.text(SHA256.digest(of: bytes)) == digest)
    }

    /// Made by Python's hashlib.
    @Test(
        arguments: [
            (55, "c04fbb7ca1847eff91cf34e266a99666fa22ca5e629aaa7ce21a2b0d691e19ea"),
            (56, "56978584f28dac51620fa50d4d855929ad12d9a2781b9630a1be1d1c44c776d2"),
            (57, "226534fd435004e57f510cba9f3217af7fdcf293c0739d6bab436ab76b48599a"),
            (63, "9260d169bf45e021a1994f2e8bbf1ad2546371f953f62d8156ea92f36c227d18"),
            (64, "5c463f4fd06ada9ab6c1989f32b1dacdd631b8f4c00641f448f06c29d2e1eca3"),
            (65, "03576bd1443059f152b7c3cd3292746a8f7f8ca3ee165efe777a4be4897c4e91"),
            (119, "b5e019f5928074445ea16dc811df776f89ff8cf76bb282b6831f00be0c8df80c"),
            (120, "09efdb87cd5e76aac804bc2fe6a5e75f80dce1f5b9297264baf112e383cb7e03"),
            (127, "85d0c05e91d548413765f1ba9efc9b47b43ae26a647d847612189e77d23bd158"),
            (128, "02f0ed55f336ceca8dea686f54c7571a382ef0e2b03e81af82eaf1c3f10ab0cc"),
            (129, "5d207a50d1f2fdb564f7ea00b495ae8f05eb31d697eceffc4381e722cee2aa9e"),
            (1_000, "5b50c48fa1070d4167c93925dca19ee5e945d56d51140e34ba3c738b46030764"),
        ]
    )
    func `agrees with another implementation around a block's end`(count: Int, digest: String) {
        #expect(Hexadecimal.text(SHA256.digest(of: Sample.bytes(count))) == digest)
    }

    /// The digest of all digests was made by Python's hashlib.
    @Test func `agrees with another implementation on every length`() {
        let digests = (0...300).flatMap { SHA256.digest(of: Sample.bytes($0)) }
        let digest = "6c1734f94ea2d26b8bdd9742ced588ac2dd64fc8d03c4daebfa02405143b32f2"
        #expect(Hexadecimal.text(SHA256.digest(of: digests)) == digest)
    }

    @Test func `is the same of two parts as of the whole, wherever they meet`() {
        for count in 0...300 {
            let bytes = Sample.bytes(count)
            let whole = SHA256.digest(of: bytes)
            let wrong = (0...count).filter { middle in
                var hash = SHA256()
                hash.update(Array(bytes[..<middle]))
                hash.update(Array(bytes[middle...]))
                return hash.digest() != whole
            }
            #expect(wrong.isEmpty, "of \(count) bytes")
        }
    }

    @Test(arguments: [1, 3, 63, 64, 65, 200])
    func `is the same of many parts as of the whole`(size: Int) {
        let bytes = Sample.bytes(2_000)
        var hash = SHA256()
        for start in stride(from: 0, to: bytes.count, by: size) {
            hash.update(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(hash.digest() == SHA256.digest(of: bytes))
    }

    @Test func `goes on after a digest was taken, and a copy goes its own way`() {
        var hash = SHA256()
        hash.update(Array("ab".utf8))
        #expect(hash.digest() == SHA256.digest(of: Array("ab".utf8)))
        var copy = hash
        hash.update(Array("c".utf8))
        copy.update(Array("d".utf8))
        #expect(hash.digest() == SHA256.digest(of: Array("abc".utf8)))
        #expect(copy.digest() == SHA256.digest(of: Array("abd".utf8)))
    }
}

enum Sample {
    /// Bytes that differ from one place and one length to the next.
    static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 * 37 + count) }
    }
}
