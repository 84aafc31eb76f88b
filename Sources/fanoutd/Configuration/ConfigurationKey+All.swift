import Platform

extension ConfigurationKey {
    /// Every key, in the order of the example file.
    package static let all: [ConfigurationKey] =
        http + store + Configuration.ProviderSection.keys + limits + [
            .integer("retry.maxAttempts", 1...100, \.retry.maxAttempts),
            .number("retry.baseSeconds", 0.001...86_400, \.retry.baseSeconds),
            .number("retry.capSeconds", 0.001...86_400, \.retry.capSeconds),
            .choice("defaults.onUnknown", \.defaults.onUnknown),
            .choice("defaults.priority", \.defaults.priority),
            .integer("retention.days", 0...36_500, \.retention.days),
            .choice("log.level", \.log.level),
            .choice("log.format", \.log.format),
        ]

    private static let http: [ConfigurationKey] = [
        .text(
            "http.listen",
            \.http.listen,
            wants:
                "HOST:PORT, [IPV6]:PORT or unix:PATH with a path of at most 107 bytes; all addresses"
                + " are 0.0.0.0:PORT or, with IPv6, [::]:PORT",
            read: readListenAddress
        ),
        .optionalText(
            "http.socketGroup",
            \.http.socketGroup,
            wants: "the name of a group",
            read: { text, _ in text }
        ),
        .flag("http.allowRemote", \.http.allowRemote),
        .optionalText(
            "http.tokenFile",
            \.http.tokenFile,
            wants: "the path of a file",
            read: readPath
        ),
        .optionalText(
            "http.tokensFile",
            \.http.tokensFile,
            wants: "the path of a file",
            read: readPath
        ),
        .integer("http.maxBodyBytes", 1_024...1_073_741_824, \.http.maxBodyBytes),
        .integer("http.gatewayMaxBodyBytes", 1_024...1_073_741_824, \.http.gatewayMaxBodyBytes),
    ]

    private static let store: [ConfigurationKey] = [
        .text("store.path", \.store.path, wants: "the path of a file", read: readPath),
        .integer("store.minFreeBytes", 0...1_099_511_627_776, \.store.minFreeBytes),
    ]

    private static let limits: [ConfigurationKey] = [
        .integer("limits.messagesPerMinute", 1...10_000_000, \.limits.messagesPerMinute),
        .integer("limits.callsPerSecond", 1...10_000, \.limits.callsPerSecond),
        .optionalInteger("limits.burst", 1...10_000_000, \.limits.burst),
        .integer(
            "limits.batchAccounts",
            1...Configuration.ProviderSection.accountLimit,
            \.limits.batchAccounts
        ),
        .integer(
            "limits.packetBytes",
            1_000...Configuration.ProviderSection.byteLimit,
            \.limits.packetBytes
        ),
        .integer(
            "limits.maxInFlight",
            Configuration.Limits.inFlightRange,
            \.limits.maxInFlight
        ),
    ]

    @Sendable package static func readPath(_ text: String, at location: Location) -> String? {
        text.contains("\0") ? nil : Path.resolve(text, in: location.folder)
    }

    @Sendable private static func readListenAddress(
        _ text: String,
        at location: Location
    ) -> ListenAddress? {
        guard case .unix(let path)? = ListenAddress(text) else { return ListenAddress(text) }
        return ListenAddress("unix:" + Path.resolve(path, in: location.folder))
    }
}
