import Platform
import TimeZoneData

extension ConfigurationKey {
    /// Every key, in the order of the example file.
    ///
    /// What isn't reloaded is built into something that lives as long as the process: the socket, the
    /// store, the TLS roots, and the deadlines of a call and of the shutdown.
    package static let all: [ConfigurationKey] =
        http + store + postgres + cluster + Configuration.ProviderSection.keys + limits + retry
        + jobs + others

    /// The sections, in that order.
    package static let sections = all.map(\.section).reduce(into: [String]()) { sections, name in
        if sections.last != name { sections.append(name) }
    }

    /// Sections within a section, such as `store.postgres`.
    static let groups = Set(
        all.compactMap { key in
            key.name.lastIndex(of: ".").map { String(key.name[..<$0]) }.flatMap {
                $0.contains(".") ? $0 : nil
            }
        }
    )

    /// The keys of the tokens' files, of which a doctor speaks.
    static let tokenFileName = "http.tokenFile"
    static let tokensFileName = "http.tokensFile"
    /// Where a store of SQLite stands.
    static let storePathName = "store.path"

    private static let http: [ConfigurationKey] = [
        .init(
            "http.listen",
            \.http.listen,
            .text(
                "HOST:PORT, [IPV6]:PORT or unix:PATH with a path of at most 107 bytes; all addresses"
                    + " are 0.0.0.0:PORT or, with IPv6, [::]:PORT"
            ) { text, folder in
                guard case .unix(let path)? = ListenAddress(text) else {
                    return ListenAddress(text)
                }
                return ListenAddress("unix:" + Path.resolve(path, in: folder))
            }
        ),
        .init(
            "http.socketGroup",
            \.http.socketGroup,
            .text("the name of a group") { name, _ in name }
        ),
        .init("http.allowRemote", \.http.allowRemote, .flag),
        .init(tokenFileName, \.http.tokenFile, .path("the path of a file"))
            .holding(\.http.token)
            .otherwise { $0.tokenFile }
            .reloaded,
        .init(tokensFileName, \.http.tokensFile, .path("the path of a file"))
            .holding(\.http.tokens) { "\($0.count) tokens" }
            .reading { configuration in
                guard let path = configuration.http.tokensFile else { return [] }
                do throws(SecretFile.Faults) {
                    configuration.http.tokens = try SecretFile.tokens(at: path)
                    return []
                } catch {
                    return error.all
                }
            }
            .reloaded,
        .init("http.maxBodyBytes", \.http.maxBodyBytes, .integer(bodySizes)),
        .init("http.gatewayMaxBodyBytes", \.http.gatewayMaxBodyBytes, .integer(bodySizes)),
        .init("http.page", \.http.page, .flag),
        .init("http.title", \.http.title, title),
    ]

    private static let titleLimit = 60

    private static let title = ConfigurationForm<String>.textOrNothing(
        "a name of at most \(titleLimit) bytes on one line, in quotes if it is a number"
    ) { text in
        text.utf8.count <= titleLimit && !text.unicodeScalars.contains(where: isControl)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }

    private static let bodySizes = 1_024...1_073_741_824

    private static let store: [ConfigurationKey] = [
        .init(storePathName, \.store.path, .path("the path of a file"))
            .unless(\.isShared),
        .init("store.minFreeBytes", \.store.minFreeBytes, .integer(0...1_099_511_627_776)),
    ]

    private static let limits: [ConfigurationKey] = [
        .init(
            "limits.messagesPerMinute",
            \.limits.messagesPerMinute,
            .integer(1...10_000_000)
        ).reloaded,
        .init("limits.callsPerSecond", \.limits.callsPerSecond, .integer(1...10_000)).reloaded,
        .init("limits.burst", \.limits.burst, .integer(1...10_000_000))
            .otherwise { "\($0.limits.effectiveBurst)" }
            .reloaded,
        .init(
            "limits.batchAccounts",
            \.limits.batchAccounts,
            .integer(1...Configuration.ProviderSection.accountLimit)
        ).reloaded,
        .init(
            "limits.packetBytes",
            \.limits.packetBytes,
            .integer(1_000...Configuration.ProviderSection.byteLimit)
        ).reloaded,
        .init(
            "limits.maxInFlight",
            \.limits.maxInFlight,
            .integer(Configuration.Limits.inFlightRange)
        ).reloaded,
    ]

    private static let retry: [ConfigurationKey] = [
        .init("retry.maxAttempts", \.retry.maxAttempts, .integer(1...100)).reloaded,
        .init("retry.baseSeconds", \.retry.baseSeconds, .number(0.001...86_400)).reloaded,
        .init("retry.capSeconds", \.retry.capSeconds, .number(0.001...86_400)).reloaded,
    ]

    private static let jobs: [ConfigurationKey] = [
        .init("jobs.checkCallsPerSecond", \.jobs.checkCallsPerSecond, .integer(1...100)).reloaded,
        .init("jobs.verifyCallsPerSecond", \.jobs.verifyCallsPerSecond, .integer(1...200))
            .reloaded,
        .init("jobs.recallCallsPerSecond", \.jobs.recallCallsPerSecond, .integer(1...200))
            .reloaded,
        .init("jobs.verifySettleSeconds", \.jobs.verifySettleSeconds, .number(5...3_600)).reloaded,
    ]

    private static let others: [ConfigurationKey] = [
        .init("defaults.onUnknown", \.defaults.onUnknown, .choice),
        .init("defaults.priority", \.defaults.priority, .choice),
        .init("defaults.sendBetween", \.defaults.sendBetween, .hours(in: ZoneFolder.system))
            .reloaded,
        .init("retention.days", \.retention.days, .integer(0...36_500)).reloaded,
        .init("log.level", \.log.level, .choice).reloaded,
        .init("log.format", \.log.format, .choice),
    ]
}
