package import Platform

/// What the calls need to know; replaceable while the daemon runs.
package struct ProviderSettings: Sendable, Hashable {
    /// Tencent's domain, such as `https://console.tim.qq.com`.
    package var endpoint: WebAddress
    /// Used for a call that the first endpoint certainly didn't get.
    package var backupEndpoint: WebAddress?
    package var credentials: AppCredentials
    /// One deadline for all of a call: connection, request, answer.
    ///
    /// Tencent itself gives up after 3 s, so it must be longer than that.
    package var timeout: Duration

    package init(
        endpoint: WebAddress,
        backupEndpoint: WebAddress? = nil,
        credentials: AppCredentials,
        timeout: Duration = .seconds(10)
    ) {
        self.endpoint = endpoint
        self.backupEndpoint = backupEndpoint
        self.credentials = credentials
        self.timeout = timeout
    }
}
