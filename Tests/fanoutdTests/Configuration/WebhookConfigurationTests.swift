import DeliveryCore
import Glibc
import Platform
import TestSupport
import Testing
import Webhooks
import fanoutd

/// The list of webhooks in the configuration.
@Suite struct WebhookConfigurationTests {
    private static let required = "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\n"
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func examine(
        _ hooks: String,
        environment: [String: String] = [:],
        mode: mode_t = 0o600
    ) throws -> (loaded: ConfigurationLoader.Loaded, faults: [String]) {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let key = try folder.write("secret-key", "0123456789abcdef")
        let isHidden = unsafe chmod(key, 0o600)
        #expect(isHidden == 0)
        let secret = try folder.write("hook-secret", Self.secret)
        let changed = unsafe chmod(secret, mode)
        #expect(changed == 0)
        let path = try folder.write("fanoutd.yaml", Self.required + hooks)
        let environment = environment.mapValues { $0.replacing("FOLDER", with: folder.path) }
        let (loaded, faults) = ConfigurationLoader.examine(path, environment: environment)
        let lines = faults.map {
            $0.description.replacing(path, with: "FILE").replacing(folder.path, with: "FOLDER")
        }
        return (loaded, lines)
    }

    private static let sound = """
        webhooks:
          - url: https://ops.example/hooks?token=t0psecret
            secretFile: hook-secret
            events: [campaign.completed, campaign.halted]
          - {url: "http://127.0.0.1:9/", secretFile: hook-secret}

        """

    @Test func `a list of them is read, and shown without secrets`() throws {
        let (loaded, faults) = try examine(Self.sound)
        #expect(faults == [])
        let hooks = loaded.configuration.webhooks
        #expect(
            hooks.map(\.webhook.kinds) == [
                [.campaignCompleted, .campaignHalted], Set(EventKind.allCases),
            ]
        )
        #expect(hooks.map(\.webhook.secret.bytes.count) == [24, 24])
        #expect(loaded.configuration.dispatchLimits.serviceEvents.contains(.serviceHalted))
        #expect(
            loaded.text.contains("webhooks: # line 4\n  - url: 'https://ops.example/hooks?(red")
        )
        #expect(!loaded.text.contains("t0psecret") && !loaded.text.contains(Self.secret))
        #expect(loaded.text.contains("    events: [campaign.completed, campaign.halted]\n"))
    }

    @Test func `a variable takes the list's place, as YAML or JSON`() throws {
        let text = #"[{"url": "https://b.example/", "secretFile": "FOLDER/hook-secret"}]"#
        let (loaded, faults) = try examine(Self.sound, environment: ["FANOUTD_WEBHOOKS": text])
        #expect(faults == [])
        #expect(loaded.configuration.webhooks.map(\.webhook.address.text) == ["https://b.example/"])
        let bad = try examine("", environment: ["FANOUTD_WEBHOOKS": "[{url: a}]"]).faults
        #expect(
            bad.allSatisfy { $0.hasPrefix("environment variable FANOUTD_WEBHOOKS: webhooks[0].") }
        )
        #expect(bad.count == 2)
        #expect(try examine(Self.sound, environment: ["FANOUTD_WEBHOOKS": ""]).faults == [])
    }

    @Test(
        arguments: [
            ("webhooks: 5\n", "FILE:4: webhooks: is no list"),
            ("webhooks: [5]\n", "FILE:4: webhooks[0]: is no webhook"),
            (
                "webhooks:\n  - url: http://ops.example/?t=t0psecret\n    secretFile: hook-secret\n",
                "FILE:5: webhooks[0].url: 'http://ops.example/?(redacted)' could be read on its way"
            ),
            (
                "webhooks:\n  - {url: 'https://a:b@c/', secretFile: hook-secret}\n",
                "FILE:5: webhooks[0].url: a URL without name and password"
            ),
            ("webhooks:\n  - secretFile: hook-secret\n", "FILE:5: webhooks[0].url: missing"),
            (
                "webhooks:\n  - url: https://a/\n    secretFile: nowhere\n",
                "FILE:6: webhooks[0].secretFile: FOLDER/nowhere can't be read"
            ),
            (
                "webhooks:\n  - url: https://a/\n    secretFile: secret-key\n",
                "FILE:6: webhooks[0].secretFile: FOLDER/secret-key holds no secret, or a short one"
            ),
            (
                "webhooks:\n  - {url: https://a/, secretFile: hook-secret, events: [campaign.complete]}\n",
                "FILE:5: webhooks[0].events: 'campaign.complete' is no event; did you mean campaign.completed?"
            ),
            (
                "webhooks:\n  - {url: https://a/, secretFile: hook-secret, events: []}\n",
                "FILE:5: webhooks[0].events: is no list of events"
            ),
            (
                "webhooks:\n  - {url: https://a/, secretFile: hook-secret, event: [x]}\n",
                "FILE:5: webhooks[0].event: unknown key; did you mean events?"
            ),
            (
                "webhooks:\n  - &a {url: https://a/, secretFile: hook-secret}\n",
                "FILE:5: has an anchor"
            ),
            (
                "webhooks:\n  - {url: https://a/, secretFile: hook-secret}\n"
                    + "  - {url: https://a/, secretFile: hook-secret}\n",
                "FILE:6: webhooks[1].url: 'https://a/' stands here twice"
            ),
        ]
    )
    func `what is wrong is named with its place`(_ hooks: String, _ expected: String) throws {
        let faults = try examine(hooks).faults
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(expected) == true, "\(faults)")
        #expect(!faults.joined().contains("t0psecret"))
    }

    @Test func `a secret that every user can read is refused`() throws {
        let faults = try examine(Self.sound, mode: 0o644).faults
        #expect(faults.count == 2)
        #expect(
            faults[0].hasSuffix(
                "every user can read FOLDER/hook-secret; run: chmod o= FOLDER/hook-secret"
            )
        )
    }

    @Test func `another list follows a reload, and so does another secret`() throws {
        var old = Configuration()
        old.webhooks = try examine(Self.sound).loaded.configuration.webhooks
        let present = PresentConfiguration(old)
        #expect(present.take(old).taken == [])
        var new = old
        new.webhooks.removeLast()
        #expect(present.take(new).taken == ["webhooks"])
        #expect(present.current.webhooks == new.webhooks)
    }
}
