import DeliveryCore
import DeliveryEngine
import Platform
import TencentIM

extension ProviderModule {
    static let tencentIM = ProviderModule(
        rules: MessageTemplate(),
        open: { opening throws(CommandFailure) in
            let provider = try provider(opening)
            return OpenProvider(
                provider: provider,
                gateway: TencentGateway(credentials: { provider.settings.credentials }),
                update: { provider.update($0.provider.settings) },
                shutdown: { await provider.shutdown() }
            )
        },
        examination: .tencentIM
    )

    private static func provider(
        _ opening: Opening
    ) throws(CommandFailure) -> TencentIMProvider {
        let clock = opening.clock
        do {
            return try TencentIMProvider(
                settings: opening.configuration.provider.settings,
                caFile: opening.configuration.provider.caFile,
                log: opening.log,
                random: SplitMix64(seed: opening.seed),
                now: { clock.now().timestamp },
                allowsCall: opening.allowsCall
            )
        } catch {
            // The one thing that it reads.
            throw CommandFailure(
                .configuration,
                "tencent.caFile: its certificates can't be used; give a PEM file of trust roots, or"
                    + " leave it out"
            )
        }
    }
}
