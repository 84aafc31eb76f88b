import Codecs
import Digests
import Testing

@Suite struct `HMAC with SHA-256` {
    /// RFC 4231, 4.2 to 4.8; of the fifth case the first half is given there.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(0x01...0x19), [UInt8](repeating: 0xCD, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                [UInt8](repeating: 0x0C, count: 20), Array("Test With Truncation".utf8),
                "a3b6167473100ee06e0c796c2955552b"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array(
                    """
                    This is a test using a larger than block-size key and a larger than block-size \
                    data. The key needs to be hashed before being used by the HMAC algorithm.
                    """.utf8
                ),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ]
    )
    func `has the standard's examples`(key: [UInt8], message: [UInt8], code: String) {
        let hmac = HMACSHA256(key: key)
        #expect(Hexadecimal.text(hmac.code(for: message)).hasPrefix(code))
    }

    /// The digest of all codes was made by Python's hmac and hashlib.
    @Test func `agrees with another implementation on every length of a key`() {
        let codes = (0...200).flatMap { count in
            HMACSHA256(key: Sample.bytes(count)).code(for: Array("Hi There".utf8))
        }
        let digest = "45ed594122e09368f123f855cb5e76ebf9d4759749819464a88e028bde57b02a"
        #expect(Hexadecimal.text(SHA256.digest(of: codes)) == digest)
    }

    @Test func `takes the code of the message, as often as it is asked`() {
        let hmac = HMACSHA256(key: Array("Jefe".utf8))
        for count in 0..<130 {
            let message = Sample.bytes(count)
            let code = HMACSHA256(key: Array("Jefe".utf8)).code(for: message)
            #expect(hmac.isValid(code, for: message))
        }
    }

    @Test func `refuses a code with one wrong bit, wherever it is`() {
        let hmac = HMACSHA256(key: Array("Jefe".utf8))
        let message = Array("what do ya want for nothing?".utf8)
        let code = hmac.code(for: message)
        #expect(code.count == 32)
        for place in code.indices {
            for bit in 0..<8 {
                var wrong = code
                wrong[place] ^= 1 << bit
                #expect(!hmac.isValid(wrong, for: message), "bit \(bit) of byte \(place)")
            }
        }
    }

    @Test func `refuses a code with two bytes that are wrong alike`() {
        let hmac = HMACSHA256(key: Array("Jefe".utf8))
        let message = Array("what do ya want for nothing?".utf8)
        let code = hmac.code(for: message)
        for place in code.indices.dropFirst() {
            var wrong = code
            wrong[0] ^= 0xFF
            wrong[place] ^= 0xFF
            #expect(!hmac.isValid(wrong, for: message), "bytes 0 and \(place)")
        }
    }

    @Test func `refuses a code of another length, though all its bytes are right`() {
        let hmac = HMACSHA256(key: Array("Jefe".utf8))
        let message = Array("what do ya want for nothing?".utf8)
        let code = hmac.code(for: message)
        for count in 0..<code.count {
            #expect(!hmac.isValid(Array(code.prefix(count)), for: message), "\(count) bytes")
        }
        #expect(!hmac.isValid(code + [0], for: message))
        #expect(!hmac.isValid(code + code, for: message))
    }

    @Test func `refuses the code of another message or key`() {
        let hmac = HMACSHA256(key: Array("Jefe".utf8))
        let code = hmac.code(for: Array("one".utf8))
        #expect(!hmac.isValid(code, for: Array("two".utf8)))
        #expect(!HMACSHA256(key: Array("Jeff".utf8)).isValid(code, for: Array("one".utf8)))
    }
}
