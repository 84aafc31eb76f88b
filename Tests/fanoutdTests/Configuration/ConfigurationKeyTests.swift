import Codecs
import Foundation
import Platform
import TestSupport
import Testing
import fanoutd

@Suite struct ConfigurationKeyTests {
    @Test(
        arguments: [
            ("limits.messagesPerMinute", "FANOUTD_LIMITS_MESSAGES_PER_MINUTE"),
            ("tencent.sdkAppId", "FANOUTD_TENCENT_SDK_APP_ID"),
            ("http.listen", "FANOUTD_HTTP_LISTEN"),
            ("http.tokensFile", "FANOUTD_HTTP_TOKENS_FILE"),
            ("store.postgres.passwordFile", "FANOUTD_STORE_POSTGRES_PASSWORD_FILE"),
            ("cluster.patienceSeconds", "FANOUTD_CLUSTER_PATIENCE_SECONDS"),
        ]
    )
    func `a key has a variable`(_ name: String, _ variable: String) throws {
        let key = try #require(ConfigurationKey.all.first { $0.name == name })
        #expect(key.environmentName == variable)
    }

    @Test func `no two keys share a name or a variable, and sections stand together`() {
        let keys = ConfigurationKey.all
        #expect(keys.count == 46)
        #expect(Set(keys.map(\.name)).count == keys.count)
        let variables = Set(keys.map(\.environmentName))
        #expect(variables.count == keys.count)
        #expect(variables.isDisjoint(with: ConfigurationLoader.clientVariables))
        let sections = keys.map(\.section).reduce(into: [String]()) { sections, section in
            if sections.last != section { sections.append(section) }
        }
        #expect(Set(sections).count == sections.count)
    }

    @Test(
        arguments: [
            ("tencent.timeoutSeconds", 4, 60), ("limits.messagesPerMinute", 1, 10_000_000),
            ("limits.callsPerSecond", 1, 10_000), ("limits.batchAccounts", 1, 500),
            ("limits.packetBytes", 1_000, 12_288), ("limits.maxInFlight", 1, 256),
            ("retry.maxAttempts", 1, 100), ("tencent.historyDays", 1, 365),
            ("jobs.checkCallsPerSecond", 1, 100), ("jobs.verifyCallsPerSecond", 1, 200),
            ("jobs.recallCallsPerSecond", 1, 200), ("jobs.verifySettleSeconds", 5, 3_600),
            ("cluster.patienceSeconds", 6, 60),
        ]
    )
    func `a number keeps within the contract's range`(
        _ name: String,
        _ least: Int,
        _ most: Int
    ) throws {
        let key = try #require(ConfigurationKey.all.first { $0.name == name })
        var configuration = Configuration()
        let refusals = [least - 1, least, most, most + 1].map { value in
            key.take(ConfigurationScalar("\(value)", style: .plain), "", &configuration)
        }
        #expect(refusals == [.outOfRange, nil, nil, .outOfRange])
    }

    private static let longTitle = String(repeating: "名", count: 20)

    @Test(
        arguments: [
            ("Prod CN", .plain, "Prod CN"), (longTitle, .plain, longTitle), ("", .plain, ""),
            ("", .quoted, ""), ("", .environment, ""), ("7", .quoted, "7"),
            ("7", .environment, "7"), (longTitle + "x", .plain, nil), ("a\nb", .quoted, nil),
            ("a\u{9B}b", .quoted, nil), ("7", .plain, nil), ("true", .plain, nil),
        ] as [(String, ConfigurationScalar.Style, String?)]
    )
    func `a title is a short line, or empty`(
        _ text: String,
        _ style: ConfigurationScalar.Style,
        _ expected: String?
    ) throws {
        let key = try #require(ConfigurationKey.all.first { $0.name == "http.title" })
        var configuration = Configuration()
        configuration.http.title = "before"
        let refusal = key.take(ConfigurationScalar(text, style: style), "", &configuration)
        #expect((refusal == nil) == (expected != nil))
        #expect(configuration.http.title == expected ?? "before")
    }

    private var example: String {
        get throws {
            let url = TemporaryFolder.repository.appending(path: "config/fanoutd.yaml")
            return try String(contentsOf: url, encoding: .utf8)
        }
    }

    @Test func `the example loads, and what it leaves out is the default`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key.example", "0123456789abcdef\n")
        let path = try folder.write("fanoutd.yaml", example)
        let loaded = try ConfigurationLoader.load(path, environment: [:])
        #expect(loaded.origins.keys.sorted() == ["tencent.sdkAppId", "tencent.secretKeyFile"])
        #expect(loaded.configuration.warnings(stopTimeout: .seconds(90)).isEmpty)
    }

    /// Also finds a commented default of the example that has drifted from the code.
    @Test func `every key stands in the example with its true default`() throws {
        let defaults = Configuration()
        var section = ""
        var seen: [String: String] = [:]
        let text = try example
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: #/([a-z]+):/#) {
                section = String(match.1)
            } else if let match = line.wholeMatch(of: #/  ([a-z]+):/#) {
                section += ".\(match.1)"
            } else if let match = line.wholeMatch(of: #/ +(?:# )?([a-zA-Z]+):(?: (\S+))?/#) {
                seen["\(section).\(match.1)"] = match.2.map(String.init) ?? ""
            }
        }
        for key in ConfigurationKey.all {
            let value = try #require(seen[key.name], "\(key.name) is missing")
            seen[key.name] = nil
            if !key.isRequired { #expect(value == key.show(defaults) ?? "", "\(key.name)") }
        }
        #expect(seen.isEmpty, "the example has keys that are none")
    }

    @Test(
        arguments: [
            ("127.0.0.1:8480", "127.0.0.1:8480"), ("[::1]:80", "[::1]:80"),
            ("localhost:0", "localhost:0"), ("unix:/run/x.sock", "unix:/run/x.sock"),
            ("127.0.0.1", nil), ("::1:80", nil), (":80", nil), ("a:70000", nil), ("a:-1", nil),
            ("unix:", nil), ("unix:a\0b", nil),
            ("0.0.0.0:80", "0.0.0.0:80"), ("[::]:80", "[::]:80"), ("[0::0]:80", "[::]:80"),
            ("[0:0:0:0:0:0:0:0]:80", "[::]:80"), ("[::0.0.0.0]:80", "[::]:80"),
            ("[::FFFF:0.0.0.0]:80", "0.0.0.0:80"), ("[::ffff:7f00:1]:80", "127.0.0.1:80"),
            ("[0:0::1]:80", "[::1]:80"), ("[2001:DB8::0:1]:80", "[2001:db8::1]:80"),
            ("LocalHost.:80", "localhost:80"), ("a-b.c_d:80", "a-b.c_d:80"),
            ("*:80", nil), ("0:80", nil), ("127.1:80", nil), ("0x7f.1:80", nil), ("0x0:80", nil),
            ("2130706433:80", nil), ("127.0.0.01:80", nil), ("1.2.3.4.5:80", nil),
            ("0.0.0:80", nil),
            ("256.0.0.1:80", nil), ("a.0x7f:80", nil), ("a..b:80", nil), (".:80", nil),
            ("a:+80", nil), ("a:８０", nil), ("a: 80", nil), ("a b:80", nil), ("bücher:80", nil),
            ("[fe80::1%lo]:80", nil), ("[]:80", nil), ("[::1]", nil), ("[::1:80", nil),
            ("a/b:80", nil), ("u@h:80", nil), ("unix:/" + String(repeating: "x", count: 107), nil),
            ("[x]:1", nil),
        ]
    )
    func `a listen address is read`(_ text: String, _ expected: String?) {
        #expect(ListenAddress(text)?.description == expected)
    }

    @Test(
        arguments: [
            ("https://console.tim.qq.com", "https://console.tim.qq.com"),
            ("https://a.example:8443/", "https://a.example:8443"),
            ("http://[::1]:80", "http://[::1]:80"), ("http://[::1]", "http://[::1]"),
            ("https://a/v4", nil), ("ftp://a", nil), ("https://", nil), ("https://u@h", nil),
            ("https://a:0", nil), ("console.tim.qq.com", nil),
        ]
    )
    func `an endpoint is read`(_ text: String, _ expected: String?) {
        #expect(WebAddress(text)?.description == expected)
    }

    @Test(
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("localhost", true),
            ("127.0.0.1.example.com", false), ("0.0.0.0", false), ("127.0.0", false),
            ("128.0.0.1", false),
        ]
    )
    func `loopback is told from the rest`(_ host: String, _ expected: Bool) {
        #expect(Loopback.contains(host) == expected)
    }
}
