package import DeliveryCore
package import HTTPAPI
import Platform

// What each part of the daemon is told of the configuration.
extension Configuration {
    /// For the dispatcher.
    package var dispatchLimits: DeliveryCore.Limits {
        DeliveryCore.Limits(
            messagesPerMinute: limits.messagesPerMinute,
            callsPerSecond: limits.callsPerSecond,
            burst: limits.effectiveBurst,
            batchAccounts: limits.batchAccounts,
            packetBytes: limits.packetBytes,
            inFlightLimit: limits.maxInFlight,
            callTimeout: provider.callTimeout,
            retry: RetryPolicy(
                attemptLimit: retry.maxAttempts,
                base: .seconds(retry.baseSeconds),
                cap: .seconds(retry.capSeconds)
            ),
            upkeep: Upkeep(
                retention: retention.days == 0 ? nil : .seconds(retention.days * 86_400),
                interval: .seconds(3_600)
            )
        )
    }

    /// Who may come in over TCP.
    package var accessTokens: [AccessToken] {
        let own = http.token.map {
            AccessToken(name: Self.ownerName, canWrite: true, secret: $0.bytes)
        }
        return (own.map { [$0] } ?? []) + http.tokens
    }

    /// For the HTTP endpoint; `present` is asked for what may change while it runs.
    package func endpointConfiguration(_ present: PresentConfiguration) -> EndpointConfiguration {
        let address: HTTPAPI.ListenAddress =
            switch http.listen {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path, group: http.socketGroup)
            }
        var configuration = EndpointConfiguration(listen: address)
        configuration.tokens = { present.current.accessTokens }
        configuration.bodySizeLimit = http.maxBodyBytes
        configuration.gatewayBodySizeLimit = http.gatewayMaxBodyBytes
        configuration.limits = { present.current.dispatchLimits }
        configuration.defaultPriority = defaults.priority
        configuration.defaultOnUnknown = defaults.onUnknown
        return configuration
    }
}
