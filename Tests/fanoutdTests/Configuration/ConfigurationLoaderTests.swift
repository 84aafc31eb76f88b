import DeliveryCore
import Foundation
import Glibc
import HTTPAPI
import Logging
import Platform
import TestSupport
import Testing
import fanoutd

@Suite struct ConfigurationLoaderTests {
    private static let key = "0123456789abcdef"

    /// Loads a file beside a secret key; `FILE` in the faults' text stands for its path.
    private func load(
        _ yaml: String = "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\n",
        key: String? = key + "\n",
        environment: [String: String] = [:]
    ) throws -> Result<ConfigurationLoader.Loaded, Faults> {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        if let key { try folder.write("secret-key", key) }
        let path = try folder.write("fanoutd.yaml", yaml)
        do {
            return .success(try ConfigurationLoader.load(path, environment: environment))
        } catch {
            let lines = error.faults.map {
                $0.description.replacing(path, with: "FILE").replacing(folder.path, with: "FOLDER")
            }
            return .failure(Faults(lines: lines))
        }
    }

    struct Faults: Error, Hashable {
        let lines: [String]
    }

    private func faults(
        _ yaml: String,
        environment: [String: String] = [:]
    ) throws -> [String] {
        switch try load(yaml, environment: environment) {
        case .success: []
        case .failure(let faults): faults.lines
        }
    }

    private static let required = "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\n"

    @Test func `the required keys alone give the contract's defaults`() throws {
        let configuration = try load().get().configuration
        #expect(configuration.provider.sdkAppId == 1_400_000_000)
        #expect(configuration.provider.secretKey == Secret(Self.key))
        #expect(configuration.http.listen.description == "127.0.0.1:8480")
        #expect(configuration.tokenFile == "/var/lib/fanoutd/token")
        #expect(configuration.provider.endpoint.description == "https://console.tim.qq.com")
        #expect(configuration.limits.messagesPerMinute == 12_000)
        #expect(configuration.limits.callsPerSecond == 200)
        #expect(configuration.limits.effectiveBurst == 1_500)
        #expect(configuration.limits.batchAccounts == 500)
        #expect(configuration.limits.packetBytes == 12_000)
        #expect(configuration.limits.maxInFlight == 64)
        #expect(configuration.provider.historyDays == 7)
        #expect(configuration.jobs.checkCallsPerSecond == 50)
        #expect(configuration.jobs.verifyCallsPerSecond == 100)
        #expect(configuration.jobs.recallCallsPerSecond == 100)
        #expect(configuration.jobs.verifySettleSeconds == 60)
        #expect(configuration.retry.capSeconds == 300)
        #expect(configuration.defaults.onUnknown == .resend)
        #expect(configuration.defaults.priority == .normal)
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == .auto)
    }

    @Test func `values of the file take the place of defaults`() throws {
        let configuration = try load(
            Self.required + """
                  administrator: "12345"
                  backupEndpoint: https://adminapi.my-imcloud.com:8443/
                  timeoutSeconds: 4.5
                limits:
                  messagesPerMinute: 24_000
                http:
                  listen: unix:run/fanoutd.sock
                  allowRemote: true
                defaults: { onUnknown: leave, priority: high }
                retry:
                log:
                  level: debug
                  format: json
                """
        ).get().configuration
        #expect(configuration.provider.administrator == "12345")
        #expect(
            configuration.provider.backupEndpoint
                == WebAddress(isSecure: true, host: "adminapi.my-imcloud.com", port: 8443)
        )
        #expect(configuration.provider.timeoutSeconds == 4.5)
        #expect(configuration.limits.messagesPerMinute == 24_000)
        #expect(configuration.http.listen.description.hasSuffix("/run/fanoutd.sock"))
        #expect(configuration.http.allowRemote)
        #expect(configuration.defaults.onUnknown == .leave)
        #expect(configuration.defaults.priority == .high)
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .json)
    }

    @Test(arguments: UnknownPolicy.allCases)
    func `every policy for unknown calls can be the default`(_ policy: UnknownPolicy) throws {
        let text = Self.required + "\ndefaults: { onUnknown: \(policy.rawValue) }\n"
        #expect(try load(text).get().configuration.defaults.onUnknown == policy)
    }

    @Test(
        arguments: [
            (1, nil, 1), (7, nil, 1), (8, nil, 1), (300, nil, 37), (11_999, nil, 1_499),
            (12_000, nil, 1_500), (10_000_000, nil, 1_500), (300, 5_000, 5_000),
        ] as [(Int, Int?, Int)]
    )
    func `a burst that isn't given goes with the messages a minute`(
        _ messagesPerMinute: Int,
        _ burst: Int?,
        _ expected: Int
    ) throws {
        var environment = ["FANOUTD_LIMITS_MESSAGES_PER_MINUTE": "\(messagesPerMinute)"]
        environment["FANOUTD_LIMITS_BURST"] = burst.map(String.init)
        let loaded = try load(environment: environment).get()
        #expect(loaded.configuration.limits.effectiveBurst == expected)
        #expect(loaded.configuration.dispatchLimits.burst == expected)
        #expect(loaded.text.contains("# default: \(expected)\n") == (burst == nil))
        // A small quota's small batches are nothing to warn of, nor is a burst that is wished for.
        #expect(loaded.configuration.serviceWarnings.count { $0.hasPrefix("limits.") } == 0)
    }

    @Test func `every fault is named at once with file, line, key, value and remedy`() throws {
        let yaml = """
            tencent:
              sdkAppId: abc
              administrator: 12345
              endpoint: http://example.com
            limits:
              mesagesPerMinute: 12
              burst: [1]
              batchAccounts: 501
              maxInFlight:
            limit:
              x: 1
            http: 5
            burst: 1
            log:
              level: loud
            """
        let number = "a whole number from 1 to"
        #expect(
            try faults(yaml) == [
                "FILE:2: tencent.sdkAppId: 'abc' is text; give the app's SDKAppID, \(number)"
                    + " 4294967295",
                "FILE:3: tencent.administrator: '12345' is a number; give the UserID of an"
                    + " administrator of the app, in quotes if it is a number",
                "FILE:6: limits.mesagesPerMinute: unknown key; did you mean"
                    + " limits.messagesPerMinute?",
                "FILE:7: limits.burst: a list is no value; give \(number) 10000000",
                "FILE:8: limits.batchAccounts: '501' is out of range; give \(number) 500",
                "FILE:9: limits.maxInFlight: no value is given; give \(number) 256",
                "FILE:10: limit: unknown key; did you mean limits?",
                "FILE:12: http: is a section and can't have a value of its own;"
                    + " write its keys below it, indented",
                "FILE:13: burst: unknown key; did you mean limits.burst?",
                "FILE:15: log.level: 'loud' won't do; give one of trace, debug, info, notice,"
                    + " warning, error, critical",
                "FILE: tencent.secretKeyFile: missing; give the path of a file that holds the app's"
                    + " secret key, here or as FANOUTD_TENCENT_SECRET_KEY_FILE",
                "FILE:4: tencent.endpoint: 'http://example.com' would send the signature"
                    + " unencrypted over a network; write https://, http:// is for loopback only",
            ]
        )
    }

    @Test(
        arguments: [
            ("limits:\n  burst: 1\n  burst: 2\n", "FILE:5: burst: given more than once in one"),
            ("limits:\n  1: a\n  '1': b\n", "FILE:5: 1: given more than once in one"),
            ("limits: [\n", "FILE:5: no YAML from column 1 on: a '{' or '[' that isn't closed"),
            ("limits:\n  burst: \"5\"\n", "FILE:5: limits.burst: '5' is text; give"),
            ("limits:\n  burst: 1.5\n", "FILE:5: limits.burst: '1.5' is a number; give a whole"),
            ("retry:\n  capSeconds: .inf\n", "FILE:5: retry.capSeconds: '.inf' is text; give a"),
            ("http:\n  allowRemote: yes\n", "FILE:5: http.allowRemote: 'yes' is text; give true"),
            (
                "http:\n  listen: 127.0.0.1\n",
                "FILE:5: http.listen: '127.0.0.1' won't do; give HOST"
            ),
            ("http:\n  listen: 0.0.0.0:80\n", "FILE:5: http.listen: '0.0.0.0:80' can be reached"),
            ("retry:\n  capSeconds: 2\n", "FILE: retry.baseSeconds: 5.0 is over retry.capSeconds"),
            ("http:\n  tokensFile: none\n", "FILE:5: http.tokensFile: FOLDER/none can't be read"),
            ("  caFile: none\n", "FILE:4: tencent.caFile: FOLDER/none can't be read (No such file"),
            ("  caFile: secret-key\n", "FILE:4: tencent.caFile: FOLDER/secret-key holds no cert"),
            ("log: {level: info\n", "FILE:5: no YAML from column 1 on: a '{' or '[' that isn't"),
            ("log:\n\tlevel: info\n", "FILE:5: no YAML from column 1 on: a tab"),
            ("log:\n  level: @info\n", "FILE:5: no YAML from column 10 on: a tab, or a sign"),
            ("log:\n  level: a: b\n", "FILE:5: no YAML from column 11 on: a second ': '"),
            ("log:\n  level: 'info\n", "FILE:6: no YAML from column 1 on: a quote that isn't"),
            ("log:\n  level\n  format: x\n", "FILE:6: no YAML from column 9 on: a second ': '"),
            ("---\nlog:\n", "FILE:4: no YAML from column 1 on: a second document; keep what"),
            ("log:\n  level: *info\n", "FILE:5: no YAML from column 10 on: an alias (*), which"),
            ("log:\n  level: \0info\n", "FILE: it has control characters; give a YAML file"),
            ("limits.burst: 5\n", "FILE:4: limits.burst: unknown key; write burst indented below"),
            ("nonsense: 5\n", "FILE:4: nonsense: unknown key; the sections are http, store,"),
            ("log:\n  nonsense: 5\n", "FILE:5: log.nonsense: unknown key; log has level, format"),
            ("tencent2:\n", "FILE:4: tencent2: unknown key; did you mean tencent?"),
        ]
    )
    func `one fault is said once`(_ yaml: String, _ expected: String) throws {
        let faults = try faults(Self.required + yaml)
        #expect(faults.count == 1, "\(faults)")
        #expect(faults.first?.hasPrefix(expected) == true, "\(faults)")
    }

    /// Few lines of aliases make a document without end; as keys each level takes twice as long.
    @Test(
        arguments: [
            "a: &a [1]\n",
            "log:\n  level: &info info\n",
            "? &k key\n: value\n",
            (1...40).reduce("k0: &k0 [x]\n") {
                $0 + "k\($1): &k\($1) {? *k\($1 - 1) : *k\($1 - 1)}\n"
            },
            (1...40).reduce("k0: &k0 [x]\n") {
                $0 + "k\($1): &k\($1) [*k\($1 - 1), *k\($1 - 1)]\n"
            },
        ]
    )
    func `an anchor is refused with its line before anything is made of it`(
        _ yaml: String
    ) throws {
        let line = yaml.hasPrefix("log") ? 5 : 4
        let faults = try faults(Self.required + yaml)
        #expect(
            faults.first
                == "FILE:\(line): has an anchor (&), and neither anchors nor aliases (*) are"
                + " taken; write the value where it is meant, or put text that begins with & in quotes"
        )
        #expect(faults.count == 1)
    }

    @Test func `a star or an ampersand within text is text`() throws {
        let yaml = "log:\n  level: info # & more *\nhttp:\n  socketGroup: 'r&d*'\n"
        #expect(try faults(Self.required + yaml).isEmpty)
    }

    @Test func `text of any length makes a short message, and soon`() throws {
        let long = String(repeating: "long", count: 12_000)
        for yaml in ["\(long): 1\n", "log:\n  \(long): 1\n", "log:\n  level: \(long)\n"] {
            let faults = try faults(Self.required + yaml)
            #expect(faults.count == 1)
            #expect(faults[0].utf8.count < 400, "\(faults[0].prefix(400))")
        }
        let deep = String(repeating: "[", count: 30_000)
        #expect(try faults(Self.required + "log: \(deep)\n").count == 1)
        let large = Self.required + String(repeating: "# remark\n", count: 8_000)
        #expect(
            try faults(large) == [
                "FILE: can't be read (it has more than 65536 bytes); give the configuration file"
                    + " with --config"
            ]
        )
    }

    @Test(arguments: ["pipe", "folder", "/dev/zero"])
    func `what is no file is refused without a wait`(_ kind: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = kind.hasPrefix("/") ? kind : folder.path + "/thing"
        if kind == "pipe" { #expect(unsafe mkfifo(path, 0o600) == 0) }
        if kind == "folder" { #expect(unsafe mkdir(path, 0o700) == 0) }
        let name = kind.hasPrefix("/") ? "device" : kind
        let failure = #expect(throws: ConfigurationFaults.self) {
            try ConfigurationLoader.load(path, environment: [:])
        }
        #expect(
            failure?.faults.first?.description
                == "\(path): can't be read (it is a \(name), no file);"
                + " give the configuration file with --config"
        )
        let yaml =
            Self.required.replacing("secret-key", with: path)
            + "  caFile: \(path)\nhttp:\n  tokensFile: \(path)\n"
        let faults = try faults(yaml)
        #expect(faults.count == 3)
        #expect(faults.allSatisfy { $0.contains("can't be read (it is a \(name), no file)") })
        if name != "folder" {
            let token = #expect(throws: CommandFailure.self) { try TokenFile.check(path) }
            #expect(token?.code == .configuration)
        }
    }

    @Test(arguments: [nil, "", "\n", "two words\n"])
    func `a secret that is missing, empty or no key is refused without showing it`(
        _ key: String?
    ) throws {
        guard case .failure(let faults) = try load(key: key) else {
            Issue.record("it was taken")
            return
        }
        #expect(faults.lines.count == 1)
        #expect(faults.lines[0].hasPrefix("FILE:3: tencent.secretKeyFile: FOLDER/secret-key "))
        #expect(faults.lines[0].hasSuffix("alone, readable by this user"))
        #expect(!faults.lines[0].contains("two words"))
    }

    @Test func `a key written where its file belongs is not shown`() throws {
        let key = String(repeating: "0123456789abcdef", count: 4)
        let faults = try faults("tencent:\n  sdkAppId: 1\n  secretKeyFile: \(key)\n")
        #expect(faults.count == 1)
        #expect(!faults.joined().contains(key))
    }

    @Test func `a file that isn't there is one fault beside what is missing`() throws {
        #expect(throws: ConfigurationFaults.self) {
            try ConfigurationLoader.load("/nonexistent.yaml", environment: [:])
        }
        do {
            _ = try ConfigurationLoader.load("/nonexistent.yaml", environment: [:])
        } catch {
            #expect(
                error.faults.first?.description
                    == "/nonexistent.yaml: can't be read (No such file or directory);"
                    + " give the configuration file with --config"
            )
        }
    }

    @Test func `a byte order mark at the start of the file is ignored`() throws {
        #expect(try load("\u{FEFF}" + Self.required).get().configuration.provider.sdkAppId > 0)
        #expect(try faults("\u{FEFF}" + Self.required + "log: 5\n")[0].hasPrefix("FILE:4: log:"))
    }

    @Test func `the environment overrides the file and belongs to keys or clients alone`() throws {
        let configuration = try load(
            environment: [
                "FANOUTD_LIMITS_MESSAGES_PER_MINUTE": "600",
                "FANOUTD_TENCENT_ADMINISTRATOR": "42",
                "FANOUTD_TENCENT_CA_FILE": "",
                "FANOUTD_HTTP_ALLOW_REMOTE": "true",
                "FANOUTD_URL": "unix:/run/fanoutd.sock",
                "FANOUTD_TOKEN": "x", "FANOUTD_TOKEN_FILE": "y",
                "PATH": "/bin",
            ]
        ).get()
        #expect(configuration.configuration.limits.messagesPerMinute == 600)
        #expect(configuration.configuration.provider.administrator == "42")
        #expect(configuration.configuration.http.allowRemote)
        #expect(
            configuration.origins["limits.messagesPerMinute"]
                == .environment("FANOUTD_LIMITS_MESSAGES_PER_MINUTE")
        )
        #expect(
            try faults(
                Self.required,
                environment: [
                    "FANOUTD_LIMITS_BRUST": "3", "FANOUTD_LIMITS_BURST": "0",
                    "FANOUTD_XYZZY_PLUGH": "1",
                ]
            ) == [
                "environment variable FANOUTD_LIMITS_BRUST: belongs to no key;"
                    + " did you mean FANOUTD_LIMITS_BURST?",
                "environment variable FANOUTD_LIMITS_BURST: limits.burst: '0' is out of range;"
                    + " give a whole number from 1 to 10000000",
                "environment variable FANOUTD_XYZZY_PLUGH: belongs to no key; unset it",
            ]
        )
    }

    @Test func `further tokens are read by name and access`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write(
            "tokens",
            "# who may\n\nprometheus read 0123456789abcdef\nops write fedcba9876543210\n"
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let tokens = try SecretFile.tokens(at: path)
        #expect(tokens.map(\.name) == ["prometheus", "ops"])
        #expect(tokens.map(\.canWrite) == [false, true])
        #expect(tokens[1].secret == Array("fedcba9876543210".utf8))
    }

    @Test(arguments: ["\n", "\r\n"])
    func `further tokens stand on lines of either kind, with remarks anywhere`(
        _ end: String
    ) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let lines = [
            "# who may", "a read 0123456789abcdef", "", " # b", "b\twrite fedcba9876543210",
        ]
        for text in [lines, lines + [""], lines + ["# the end"]] {
            let path = try folder.write("tokens", text.joined(separator: end))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let tokens = try SecretFile.tokens(at: path)
            #expect(tokens.map(\.name) == ["a", "b"])
            #expect(
                tokens.map { String(decoding: $0.secret, as: UTF8.self) } == [
                    "0123456789abcdef", "fedcba9876543210",
                ]
            )
        }
    }

    @Test(arguments: BadTokenText.all)
    func `further tokens in another encoding are refused`(_ bad: BadTokenText) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/tokens"
        let line = Array("a read ".utf8)
        // A mark stands before everything, anything else within the token.
        let bytes = bad.isMark ? bad.bytes : line + bad.bytes
        try Data(bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let faults = #expect(throws: SecretFile.Faults.self) { try SecretFile.tokens(at: path) }
        #expect(faults?.all.map(\.problem) == ["\(path) \(bad.problem)"])
    }

    @Test func `every faulty line of the further tokens is named, and no token shown`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write(
            "tokens",
            """
            a read 0123456789abcdef
            b read short
            # a remark
            b reed fedcba9876543210
            c read fedcba9876543210 x
            a write fedcba9876543210
            owner write fedcba9876543210
            d write 0123456789abcdef
            e write fedcba9876543210
            """
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
        let faults = #expect(throws: SecretFile.Faults.self) { try SecretFile.tokens(at: path) }
        let problems = faults?.all.map { $0.problem.replacing(path, with: "FILE") }
        #expect(
            problems == [
                "every user can read FILE",
                "FILE line 2 has a token of under 16 bytes",
                "FILE line 4 is not of the form",
                "FILE line 5 is not of the form",
                "FILE line 6 names a again",
                "FILE line 7 names owner again, which http.tokenFile is",
                "FILE line 8 has the same token as a",
            ]
        )
    }

    @Test func `faults of the further tokens stand at their key`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let tokens = try folder.write("tokens", "a\nb\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokens)
        #expect(
            try faults(Self.required + "http:\n  tokensFile: \(tokens)\n")
                == [1, 2].map {
                    "FILE:5: http.tokensFile: \(tokens) line \($0) is not of the form;"
                        + " write NAME read|write TOKEN on each line"
                }
        )
    }

    @Test func `a socket's group that isn't there is a fault`() throws {
        let socket = Self.required + "http:\n  listen: unix:/run/x.sock\n"
        #expect(
            try faults(socket + "  socketGroup: no-such-group\n") == [
                "FILE:6: http.socketGroup: there is no group 'no-such-group' on this machine;"
                    + " give the name of one that is (getent group), or make it: groupadd"
            ]
        )
        #expect(try faults(socket + "  socketGroup: root\n").isEmpty)
    }

    @Test func `what prints a configuration prints no secret`() throws {
        let loaded = try load().get()
        let dumped = "\(loaded) \(String(reflecting: loaded))"
        #expect(!dumped.contains(Self.key))
        #expect(!loaded.text.contains(Self.key))
        #expect(loaded.text.contains("line 3, key of 16 bytes (redacted)"))
        var out = ""
        dump(loaded.configuration, to: &out)
        #expect(!out.contains(Self.key))
    }

    @Test func `the effective configuration loads to itself`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", Self.key)
        let path = try folder.write(
            "fanoutd.yaml",
            Self.required + "  administrator: \"o'neill: #1\"\n  timeoutSeconds: 4.5\n"
        )
        let first = try ConfigurationLoader.load(path, environment: [:])
        let again = try ConfigurationLoader.load(
            try folder.write("again.yaml", first.text),
            environment: [:]
        )
        for key in ConfigurationKey.all {
            #expect(key.show(again.configuration) == key.show(first.configuration), "\(key.name)")
        }
        #expect(again.configuration.provider.administrator == "o'neill: #1")
    }

    @Test func `warnings name what is set in vain and calls that outlast a stop`() throws {
        var configuration = Configuration()
        #expect(configuration.warnings(stopTimeout: .seconds(90)).isEmpty)
        configuration.provider.timeoutSeconds = 60
        #expect(configuration.warnings(stopTimeout: .seconds(90)).isEmpty)
        configuration.limits.burst = 100
        configuration.http.socketGroup = "www-data"
        configuration.provider.backupEndpoint = configuration.provider.endpoint
        let warnings = configuration.warnings(stopTimeout: .seconds(60))
        let keys = warnings.map { String($0.prefix { $0 != ":" }) }
        #expect(
            keys == [
                "tencent.timeoutSeconds", "tencent.backupEndpoint", "limits.batchAccounts",
                "http.socketGroup",
            ]
        )
        #expect(warnings[0].hasSuffix("set TimeoutStopSec to 70 or more"))
    }
}
