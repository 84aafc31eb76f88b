import Codecs
import DeliveryCore
package import Platform
package import TencentIM

/// The section `tencent` of the configuration.
///
/// All that the rest of fanoutd asks of a provider's section is here. It isn't in `TencentIM` since a
/// key is a path into `Configuration`, which the loader, a reload and `check-config` share: there
/// each of them would have to take sections of any type.
package struct TencentSection: Sendable {
    package var sdkAppId = 0
    package var administrator = "administrator"
    package var secretKeyFile = ""
    /// What `secretKeyFile` holds, without its trailing newline.
    package var secretKey = Secret("")
    package var endpoint = WebAddress(isSecure: true, host: "console.tim.qq.com", port: nil)
    package var backupEndpoint: WebAddress?
    package var caFile: String?
    package var timeoutSeconds = 10.0
    package var historyDays = 7

    /// The most accounts of a call, and the most bytes of its body: no limit may be over these.
    package static let accountLimit = RequestBody.accountLimit
    package static let byteLimit = RequestBody.byteLimit

    /// In whose name a message goes out that names no sender.
    package var sender: [UInt8] { Array(administrator.utf8) }

    /// Whether the endpoint is a stand-in on this machine.
    var isSimulated: Bool { Loopback.contains(endpoint.host) }

    /// The longest that a call takes.
    package var callTimeout: Duration { .seconds(timeoutSeconds) }

    /// How far back histories go.
    package var historyReach: Duration { .seconds(historyDays * 86_400) }
}

// MARK: - Keys

extension TencentSection {
    /// The keys of which a doctor speaks.
    package static let secretKeyName = "tencent.secretKeyFile"
    package static let endpointName = "tencent.endpoint"
    package static let backupEndpointName = "tencent.backupEndpoint"
    package static let trustRootsName = "tencent.caFile"
    package static let callerName = "tencent.administrator"

    package static let keys: [ConfigurationKey] = [
        .init(
            "tencent.sdkAppId",
            \.provider.sdkAppId,
            .integer(1...4_294_967_295, "the app's SDKAppID, ")
        ).required.reloaded,
        .init(
            callerName,
            \.provider.administrator,
            .text("the UserID of an administrator of the app, in quotes if it is a number") {
                text,
                _ in
                text.utf8.count <= UserIDs.byteLimit ? text : nil
            }
        ).reloaded,
        .init(
            secretKeyName,
            \.provider.secretKeyFile,
            .path("the path of a file that holds the app's secret key")
        )
        .holding(\.provider.secretKey) { "key of \($0.bytes.count) bytes" }
        .reading { configuration in
            let path = configuration.provider.secretKeyFile
            guard !path.isEmpty else { return [] }
            do throws(Finding) {
                configuration.provider.secretKey = try SecretFile.key(at: path)
                return []
            } catch {
                return [error]
            }
        }
        .required.reloaded,
        .init(endpointName, \.provider.endpoint, endpointForm).reloaded,
        .init(backupEndpointName, \.provider.backupEndpoint, endpointForm).reloaded,
        .init(trustRootsName, \.provider.caFile, .path("the path of a PEM file"))
            .reading { trustRootsFault(at: $0.provider.caFile).map { [$0] } ?? [] },
        .init("tencent.timeoutSeconds", \.provider.timeoutSeconds, .number(4...60)),
        .init("tencent.historyDays", \.provider.historyDays, .integer(1...365)).reloaded,
    ]

    private static let endpointForm = ConfigurationForm<WebAddress>.text(
        "https://HOST or https://HOST:PORT without a path"
    ) { text, _ in WebAddress(text) }

    /// The largest file of trust roots; all roots of a system take a quarter of a megabyte.
    private static let trustRootsLimit = 16_777_216

    /// Looks into the file only: the client reads it for itself when it is made.
    private static func trustRootsFault(at path: String?) -> Finding? {
        guard let path else { return nil }
        let problem: String
        do {
            let bytes = try SmallFile.readRegular(path, limit: trustRootsLimit)
            if TrustRoots.areThere(inPEM: bytes) { return nil }
            problem = "\(path) holds no certificates that can be read"
        } catch {
            problem = "\(path) can't be read (\(error.reason))"
        }
        let remedy = "give a PEM file with the trust root, readable by this user, or leave it out"
        return Finding(problem: problem, remedy: remedy)
    }

    // MARK: - Checks

    /// What keeps the daemon from starting.
    var conflicts: [Configuration.Conflict] {
        [(Self.endpointName, endpoint), (Self.backupEndpointName, backupEndpoint)]
            .compactMap { key, address in
                guard let address, !address.isPrivate else { return nil }
                return (
                    key,
                    "'\(address)' would send the signature unencrypted over a network",
                    "write https://, http:// is for loopback only"
                )
            }
    }

    /// What works and yet may not be what was meant; `stopTimeout` as in `Configuration.warnings`.
    package func warnings(stopTimeout: Duration) -> [String] {
        var warnings: [String] = []
        let needed = callTimeout + Configuration.stopMargin
        if needed > stopTimeout {
            warnings.append(
                "tencent.timeoutSeconds: a call of \(timeoutSeconds) s and its record don't"
                    + " fit into a stop timeout of \(stopTimeout.inSeconds) s; lower it or set"
                    + " TimeoutStopSec to \(Int(needed.inSeconds.rounded(.up))) or more"
            )
        }
        if backupEndpoint == endpoint {
            warnings.append("tencent.backupEndpoint: has no effect, it is tencent.endpoint")
        }
        return warnings
    }

    /// Files with secrets that every user of the machine may read, with the remedy.
    ///
    /// A group may: a systemd credential shows its access list there. A `http.tokensFile` is not
    /// among them, it is refused.
    package var exposures: [Finding] {
        guard SmallFile.isOpenToEveryone(secretKeyFile) else { return [] }
        return [
            Finding(
                problem: "\(Self.secretKeyName): every user can read \(secretKeyFile)",
                remedy: "run: chmod o= \(secretKeyFile)"
            )
        ]
    }

    // MARK: - Calls

    /// For the provider's calls.
    package var settings: ProviderSettings {
        ProviderSettings(
            endpoint: endpoint,
            backupEndpoint: backupEndpoint,
            credentials: credentials(of: administrator),
            timeout: callTimeout
        )
    }

    /// For signatures in some user's name.
    package func credentials(of user: String) -> AppCredentials {
        AppCredentials(sdkAppID: sdkAppId, administrator: user, key: SecretKey(secretKey.text))
    }

    /// Tells whether something has been changed that a refusal of the credentials was about.
    package func fingerprint(salt: String) -> String { settings.fingerprint(salt: salt) }
}
