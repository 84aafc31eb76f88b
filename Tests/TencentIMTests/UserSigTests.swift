import CZlib
import DeliveryCore
import JSON
import Platform
import TencentIM
import Testing

private struct Vector: Sendable {
    let credentials: AppCredentials
    let life: Int64
    let time: Int64
    let code: String
}

private let vectors = [
    Vector(
        credentials: makeCredentials(
            sdkAppID: 1_400_000_000,
            administrator: "xiaojun",
            key: "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
        ),
        life: 15_552_000,
        time: 1_700_000_000,
        code: "LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B4="
    ),
    Vector(
        credentials: makeCredentials(
            sdkAppID: 88_888_888,
            administrator: "administrator",
            key: String(repeating: "0123456789abcdef", count: 4)
        ),
        life: 86400,
        time: 1_735_689_600,
        code: "AW9/7wOHU+GBpte9aIrYn/3P3pGPOW8A4BjUGM85dWc="
    ),
    Vector(
        credentials: makeCredentials(
            sdkAppID: 1_600_012_345,
            administrator: "ops-admin_01",
            key: String(repeating: "f", count: 64)
        ),
        life: 604_800,
        time: 1_767_225_599,
        code: "wNhT7JFIlVzbET3mP6yu2TUt4Jd+2l2ZzMoNC9O0XvA="
    ),
]

@Test(arguments: vectors.indices)
func `a signature has the published code and reads as Tencent reads it`(_ index: Int) throws {
    let vector = vectors[index]
    let signature = UserSig.sign(vector.credentials, at: vector.time, life: vector.life)
    let json = try JSON(parsing: #require(unwrapped(signature)))
    #expect(json["TLS.ver"]?.string == "2.0")
    #expect(json["TLS.identifier"]?.string == vector.credentials.administrator)
    #expect(json["TLS.sdkappid"]?.integer == vector.credentials.sdkAppID)
    #expect(json["TLS.expire"]?.integer == Int(vector.life))
    #expect(json["TLS.time"]?.integer == Int(vector.time))
    #expect(json["TLS.sig"]?.string == vector.code)
    #expect(json.members?.count == 6)
    #expect(UserSig.verify(signature, for: vector.credentials, at: vector.time) == nil)
}

/// Base64 and zlib undone by other code than the module's own.
private func unwrapped(_ signature: String) -> [UInt8]? {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-".utf8)
    var wrapped: [UInt8] = []
    var bits = 0
    var bitCount = 0
    for character in signature.utf8 where character != UInt8(ascii: "_") {
        guard let digit = digits.firstIndex(of: character) else { return nil }
        bits = (bits << 6 | digit) & 0xFFFF
        bitCount += 6
        guard bitCount >= 8 else { continue }
        bitCount -= 8
        wrapped.append(UInt8(bits >> bitCount & 0xFF))
    }
    var target = [UInt8](repeating: 0, count: 4096)
    var count = uLongf(target.count)
    let status = unsafe uncompress(&target, &count, wrapped, uLong(wrapped.count))
    return status == Z_OK ? Array(target.prefix(Int(count))) : nil
}

/// Made from the first two vectors by Python's zlib, which compresses.
private let compressed = [
    "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKjIT87NK82CSxSnZiQUFmSlAKUMTAyiAyqVWFGQWpYJkTE1N"
        + "jRDiJZm5YFFzNPXFmekgG3zKHM1T9D3LzdODi-OKs8vCqpxcAvydnV2SSv2cy03cPcpDnA2SMgu0nUxslWoBHdYzUg__",
    "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACiygACqTWlGQWZQK"
        + "EjczMTCACpZk5oKEDM2NTc0sLM3g4sWZ6SArHMMt9c3L-T1Ctd2dCkpSLRM9iyLz9I0DjAvcA-zDLRxNnLJC3X0tTFPC"
        + "k22VagHu*DQp",
]

@Test(arguments: compressed.indices)
func `a compressed signature of another's making holds`(_ index: Int) {
    let vector = vectors[index]
    #expect(UserSig.verify(compressed[index], for: vector.credentials, at: vector.time) == nil)
}

@Test func `a signature that doesn't hold is refused for its reason`() {
    let credentials = makeCredentials()
    let signature = UserSig.sign(credentials, at: 1000, life: 100)
    func refusal(_ credentials: AppCredentials, at time: Int64 = 1000) -> UserSig.Refusal? {
        UserSig.verify(signature, for: credentials, at: time)
    }
    #expect(refusal(credentials, at: 1099) == nil)
    #expect(refusal(credentials, at: 1100) == .expired)
    #expect(refusal(makeCredentials(sdkAppID: 1)) == .wrongApp)
    #expect(refusal(makeCredentials(administrator: "dave")) == .wrongIdentifier)
    #expect(refusal(makeCredentials(key: "another")) == .wrongKey)
    #expect(UserSig.Refusal.allCases.map(\.rawValue) == [70001, 70003, 70009, 70013, 70014])
}

@Test(arguments: ["", "_", "____", "not base64!", "eJyr", "AAAA", "*-_", "é"])
func `a signature that can't be read is refused as such`(_ signature: String) {
    #expect(UserSig.verify(signature, for: makeCredentials(), at: 0) == .unreadable)
}

@Test func `an oversized signature is refused before it is inflated`() {
    let bomb = makeCredentials(administrator: String(repeating: "x", count: 9000))
    let signature = UserSig.sign(bomb, at: 0, life: 1)
    #expect(UserSig.verify(signature, for: bomb, at: 0) == .unreadable)
}

@Test func `no mutation of a signature is accepted, nor crashes`() {
    let credentials = makeCredentials()
    let signature = UserSig.sign(credentials, at: 1000, life: 100)
    var random = SplitMix64(seed: 3)
    for _ in 0..<2_000 {
        let bytes = mutated(Array(signature.utf8), using: &random)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text != signature else { continue }
        // A change of unused bits decodes to the same bytes, and those are genuine.
        if UserSig.verify(text, for: credentials, at: 1000) == nil {
            #expect(unwrapped(text) == unwrapped(signature))
        }
    }
}

@Test func `a signature is used for four fifths of its life, and renewed when told`() {
    let start = Timestamp(milliseconds: 1_700_000_000_000)
    var source = SignatureSource(makeCredentials())
    let first = source.signature(at: start)
    let late = start.advanced(by: SignatureSource.life * 4 / 5)
    let justBefore = Timestamp(milliseconds: late.milliseconds - 1)
    #expect(source.signature(at: justBefore) == first)
    let second = source.signature(at: late)
    #expect(second != first)
    #expect(source.signature(at: late.advanced(by: .seconds(1))) == second)
    source.renew()
    #expect(source.signature(at: late.advanced(by: .seconds(1))) != second)
}

@Test func `a clock set back gets a signature of its own time`() {
    let start = Timestamp(milliseconds: 1_700_000_000_000)
    var source = SignatureSource(makeCredentials())
    let first = source.signature(at: start)
    #expect(source.signature(at: start.advanced(by: .seconds(-3600))) != first)
}

@Test func `a secret key doesn't print itself`() {
    let credentials = makeCredentials(key: "very-secret")
    let settings = ProviderSettings(
        endpoint: WebAddress(isSecure: true, host: "localhost", port: nil),
        credentials: credentials
    )
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped] {
        #expect(!text.contains("very-secret"))
        #expect(!text.contains("118"))
    }
    #expect("\(credentials.key)" == "redacted")
}

@Test func `a fingerprint changes with whatever a refusal may be about, and with nothing else`() {
    func fingerprint(
        host: String = "a",
        sdkAppID: Int = 1,
        administrator: String = "b",
        key: String = "c",
        salt: String = "d",
        timeout: Duration = .seconds(10)
    ) -> String {
        ProviderSettings(
            endpoint: WebAddress(isSecure: true, host: host, port: nil),
            credentials: makeCredentials(
                sdkAppID: sdkAppID,
                administrator: administrator,
                key: key
            ),
            timeout: timeout
        ).fingerprint(salt: salt)
    }
    #expect(fingerprint(timeout: .seconds(5)) == fingerprint())
    let all = [
        fingerprint(), fingerprint(host: "b"), fingerprint(sdkAppID: 2),
        fingerprint(administrator: "bc", key: ""), fingerprint(key: "x"), fingerprint(salt: "e"),
    ]
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { $0.count == 64 })
}
