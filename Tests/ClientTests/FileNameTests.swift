import Client
import Platform
import Testing

@Suite struct FileNameTests {
    private static let secrets = [
        String(repeating: "0123456789abcdef", count: 4),
        "dGhpc0lzQVNlY3JldFRva2VuT2Y0NEJ5dGVzMTIzNA==",
    ]

    @Test(arguments: secrets)
    func `a secret in a file's place is refused and not shown`(_ secret: String) throws {
        let failures: [CommandFailure?] = [
            #expect(throws: CommandFailure.self) { try FileName.check(secret, of: "--to") },
            #expect(throws: CommandFailure.self) { try FileName.checkNew(secret, of: "the copy") },
            #expect(throws: CommandFailure.self) {
                try RecipientFile(path: secret, format: nil)
            },
            #expect(throws: CommandFailure.self) { try MessageFile.read(secret) },
            #expect(throws: CommandFailure.self) {
                try ClientToken.find(file: secret, environment: [:])
            },
            #expect(throws: CommandFailure.self) {
                try ClientToken.find(file: nil, environment: ["FANOUTD_TOKEN_FILE": secret])
            },
        ]
        for failure in failures {
            let failure = try #require(failure)
            #expect(failure.code == .usage)
            #expect(!failure.message.contains(secret), "\(failure.message)")
        }
    }

    @Test(arguments: secrets)
    func `a secret among words is left out`(_ secret: String) {
        let redacted = Redaction.redact("fanoutd: '/tmp/\(secret)': no such file, \(secret)")
        #expect(!redacted.contains(secret))
        #expect(redacted.hasPrefix("fanoutd: '/tmp/(redacted"))
    }

    @Test(
        arguments: [
            "0198c1de-6a2c-7cc0-8a3e-0123456789ab",
            "/srv/lists/singles-day-2026-11-11-shanghai.txt",
            "urn:fanoutd:problem:not-found", "users.txt",
            "Notice-To-All-Users-Of-Shanghai-2026-11-11",
        ]
    )
    func `ordinary words stay`(_ text: String) {
        #expect(Redaction.redact(text) == text)
        #expect(!Redaction.looksSecret(text))
    }

    @Test func `a name that isn't UTF-8 is told as that`() {
        let failure = #expect(throws: CommandFailure.self) {
            try FileName.check(String(decoding: [0xFF, 0x61], as: UTF8.self), of: "--to")
        }
        #expect(failure?.message.contains("not UTF-8") == true)
        #expect(throws: CommandFailure.self) { try FileName.check("", of: "--to") }
    }
}
