import Platform

extension ConfigurationKey {
    /// Every key, in the order of the example file.
    package static let all: [ConfigurationKey] =
        http + store + tencent + limits + [
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

    private static let tencent: [ConfigurationKey] = [
        .integer(
            "tencent.sdkAppId",
            1...4_294_967_295,
            \.tencent.sdkAppId,
            isRequired: true,
            wants: "the app's SDKAppID, a whole number from 1 to 4294967295"
        ),
        .text(
            "tencent.administrator",
            \.tencent.administrator,
            wants: "the UserID of an administrator of the app, in quotes if it is a number",
            read: { text, _ in text.utf8.count <= 32 ? text : nil }
        ),
        .text(
            "tencent.secretKeyFile",
            \.tencent.secretKeyFile,
            isRequired: true,
            wants: "the path of a file that holds the app's secret key",
            read: readPath
        ),
        .text(
            "tencent.endpoint",
            \.tencent.endpoint,
            wants: endpointForm,
            read: { text, _ in WebAddress(text) }
        ),
        .optionalText(
            "tencent.backupEndpoint",
            \.tencent.backupEndpoint,
            wants: endpointForm,
            read: { text, _ in WebAddress(text) }
        ),
        .optionalText(
            "tencent.caFile",
            \.tencent.caFile,
            wants: "the path of a PEM file",
            read: readPath
        ),
        .number("tencent.timeoutSeconds", 4...60, \.tencent.timeoutSeconds),
    ]

    private static let limits: [ConfigurationKey] = [
        .integer("limits.messagesPerMinute", 1...10_000_000, \.limits.messagesPerMinute),
        .integer("limits.callsPerSecond", 1...10_000, \.limits.callsPerSecond),
        .optionalInteger("limits.burst", 1...10_000_000, \.limits.burst),
        .integer("limits.batchAccounts", 1...500, \.limits.batchAccounts),
        .integer("limits.packetBytes", 1_000...12_288, \.limits.packetBytes),
        .integer(
            "limits.maxInFlight",
            Configuration.Limits.inFlightRange,
            \.limits.maxInFlight
        ),
    ]

    private static let endpointForm = "https://HOST or https://HOST:PORT without a path"

    @Sendable private static func readPath(_ text: String, at location: Location) -> String? {
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
