package import DeliveryCore
package import HTTPAPI
import Platform
import TimeZoneData
import Webhooks

// The configuration of each of the daemon's parts.
extension Configuration {
    /// The dispatcher's limits.
    package var dispatchLimits: DeliveryCore.Limits {
        var dispatch = DeliveryCore.Limits(
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
        dispatch.checksPerSecond = jobs.checkCallsPerSecond
        dispatch.verifiesPerSecond = jobs.verifyCallsPerSecond
        dispatch.recallsPerSecond = jobs.recallCallsPerSecond
        dispatch.settleTime = .seconds(jobs.verifySettleSeconds)
        dispatch.historyReach = provider.historyReach
        dispatch.serviceEvents = webhooks.reduce(into: []) { $0.formUnion($1.webhook.kinds) }
        return dispatch
    }

    /// The tokens accepted over TCP.
    package var accessTokens: [AccessToken] {
        let own = http.token.map {
            AccessToken(name: Self.ownerName, canWrite: true, secret: $0.bytes)
        }
        return (own.map { [$0] } ?? []) + http.tokens
    }

    /// The HTTP endpoint's configuration; `present` has the values that a reload can change.
    package func endpointConfiguration(_ present: PresentConfiguration) -> EndpointConfiguration {
        var configuration = EndpointConfiguration(listen: http.listen)
        configuration.socketGroup = http.socketGroup
        configuration.tokens = { present.current.accessTokens }
        configuration.bodySizeLimit = http.maxBodyBytes
        configuration.gatewayBodySizeLimit = http.gatewayMaxBodyBytes
        configuration.hasPage = http.page
        configuration.title = http.title
        configuration.version = Fanoutd.version
        configuration.app = {
            let provider = present.current.provider
            return .init(id: provider.sdkAppId, isSimulated: provider.isSimulated)
        }
        configuration.limits = { present.current.dispatchLimits }
        configuration.defaultPriority = defaults.priority
        configuration.defaultOnUnknown = defaults.onUnknown
        configuration.defaultSendBetween = { present.current.defaults.sendBetween }
        configuration.zones = ZoneFolder.system
        return configuration
    }
}
