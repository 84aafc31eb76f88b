import DeliveryCore
import TencentIMSimulator
import TestSupport

/// A generator whose every number is the same.
///
/// The largest one: the standard library draws again for as long as it is given small ones.
struct Constant: RandomNumberGenerator {
    var value: UInt64 = .max

    mutating func next() -> UInt64 { value }
}

func makeCall(
    to accounts: [String] = ["bonnie"],
    content: UInt64 = 1,
    sequence: UInt32? = 7,
    random: UInt32 = 9,
    byteCount: Int = 200
) -> BatchSendCall {
    BatchSendCall(
        accounts: accounts.map { Array($0.utf8) },
        content: content,
        messageSequence: sequence,
        messageRandom: random,
        byteCount: byteCount
    )
}

/// So many accounts that are accepted.
func makeAccounts(_ count: Int, from first: Int = 0) -> [String] {
    (first..<first + count).map { "user-\($0)" }
}

extension SimulatedProvider {
    /// Answers one call with a generator that doesn't matter.
    mutating func answer(_ call: BatchSendCall = makeCall(), at seconds: Double = 0) -> Envelope {
        var random = Constant()
        return receive(call, now: TestSupport.at(seconds), using: &random)
    }
}

extension Envelope {
    /// The refused accounts with their codes, as text.
    var listed: [String] {
        refused.map { "\(String(decoding: $0.account, as: UTF8.self)) \($0.code)" }
    }
}

/// A UserSig of the reference's vectors, signed by another implementation.
struct Signature: Sendable {
    let sdkAppID: Int
    let key: String
    let identifier: String
    let text: String
    let expiresAt: Int64

    static let xiaojun = Signature(
        sdkAppID: 1_400_000_000,
        key: "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
        identifier: "xiaojun",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKjIT87NK82CSxSnZiQUFmSlAKUMTAyiAyqVWFGQ"
            + "WpYJkTE1NjRDiJZm5YFFzNPXFmekgG3zKHM1T9D3LzdODi-OKs8vCqpxcAvydnV2SSv2cy03cPcpDnA2"
            + "SMgu0nUxslWoBHdYzUg__",
        expiresAt: 1_715_552_000
    )

    static let administrator = Signature(
        sdkAppID: 88_888_888,
        key: String(repeating: "0123456789abcdef", count: 4),
        identifier: "administrator",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACiygACq"
            + "TWlGQWZQKEjczMTCACpZk5oKEDM2NTc0sLM3g4sWZ6SArHMMt9c3L-T1Ctd2dCkpSLRM9iyLz9I0DjAv"
            + "cA-zDLRxNnLJC3X0tTFPCk22VagHu*DQp",
        expiresAt: 1_735_776_000
    )

    static let operations = Signature(
        sdkAppID: 1_600_012_345,
        key: String(repeating: "f", count: 64),
        identifier: "ops-admin_01",
        text: "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIk8guKdRNTcjPz4g0MYSqKU7ITCwoyU4DyhmYG"
            + "BgaGRsYmplC51IqCzKJUoIyZgYmFgQFUtCQzFyRmaG5mbmRkamppCTMpMx1kSblfRoi5l5tnTlhVkmuI"
            + "cW6AWWWpUUhoiYlXirZRjlFUlW**n7Olv0FEmaOtUi0AyCM0PA__",
        expiresAt: 1_767_830_399
    )

    /// The second vector, in zlib's stored blocks.
    static let stored = Signature(
        sdkAppID: 88_888_888,
        key: String(repeating: "0123456789abcdef", count: 4),
        identifier: "administrator",
        text: "eAEBtwBI-3siVExTLnZlciI6ICIyLjAiLCAiVExTLmlkZW50aWZpZXIiOiAiYWRtaW5pc3RyYXRvciIsICJ"
            + "UTFMuc2RrYXBwaWQiOiA4ODg4ODg4OCwgIlRMUy5leHBpcmUiOiA4NjQwMCwgIlRMUy50aW1lIjogMTc"
            + "zNTY4OTYwMCwgIlRMUy5zaWciOiAiQVc5Lzd3T0hVK0dCcHRlOWFJclluLzNQM3BHUE9XOEE0QmpVR00"
            + "4NWRXYz0ife74NCk_",
        expiresAt: 1_735_776_000
    )
}
