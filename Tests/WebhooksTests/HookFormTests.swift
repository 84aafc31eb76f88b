import DeliveryCore
import DeliveryEngine
import Platform
import TestSupport
import Testing
import Webhooks

/// URLs of webhooks, their secrets and their signatures.
@Suite struct HookFormTests {
    @Test(
        arguments: [
            ("https://ops.example/hooks/fanoutd", "https://ops.example/hooks/fanoutd"),
            ("https://ops.example", "https://ops.example"),
            ("http://127.0.0.1:8080/a?token=secret", "http://127.0.0.1:8080/a?(redacted)"),
            ("https://[::1]:9/?", "https://[::1]:9/?(redacted)"),
            ("https://u:p@ops.example/", nil), ("https://ops.example/#part", nil),
            ("https://ops.example/a b", nil), ("ftp://ops.example/", nil), ("ops.example", nil),
            ("https://ops.example/ü", nil), ("https:///a", nil), ("", nil),
        ]
    )
    func `a URL is read, and shown without what may be a secret`(_ text: String, _ shown: String?) {
        #expect(HookAddress(text)?.shown == shown)
        #expect(HookAddress(text)?.text == (shown == nil ? nil : text))
    }

    @Test func `a word of a path that looks like a secret isn't shown`() throws {
        let word = String(repeating: "0123456789abcdef", count: 2)
        let address = try #require(HookAddress("https://ops.example/\(word)"))
        #expect(!address.shown.contains(word))
        #expect(address.key.digest.count == 64 && !address.key.digest.contains(word))
    }

    @Test func `a signature is the one of the specification's example`() throws {
        let secret = try #require(
            WebhookSignature.key(in: Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".utf8))
        )
        let headers = WebhookSignature.headers(
            of: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Timestamp(milliseconds: 1_614_265_330_999),
            body: Array(#"{"test": 2432232314}"#.utf8),
            secret: secret
        )
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[1].value == "1614265330")
        #expect(headers[2].value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(
        arguments: [
            (Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8), 24),
            (Array("0123456789abcdefghijklmn\n".utf8), 24),
            (Array("0123456789abcdefghijklmn\r\n".utf8), 24),
            ([UInt8](repeating: 0xFF, count: 31) + [0x0A], 32),
            (Array("0123456789abcdefghijklm\n".utf8), nil), (Array("whsec_AAAA".utf8), nil),
            (Array("whsec_not base64, but long enough".utf8), nil), ([], nil),
        ] as [([UInt8], Int?)]
    )
    func `a secret file holds a long key`(_ file: [UInt8], _ count: Int?) {
        #expect(WebhookSignature.key(in: file)?.bytes.count == count)
    }
}
