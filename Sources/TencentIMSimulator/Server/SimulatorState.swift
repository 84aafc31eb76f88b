package import DeliveryCore
import JSON
import Synchronization

/// The one simulated provider that all connections share.
package final class SimulatorState: Sendable {
    private let configuration: SimulatorConfiguration
    private let verifier: UserSigVerifier
    private let clock: @Sendable () -> Now
    private let shared: Mutex<Shared>

    private struct Shared {
        var provider: SimulatedProvider
        var faults = Faults()
        var random = SystemRandomNumberGenerator()
        /// A client signs once for many calls, so what was verified is kept.
        var verified: [[UInt8]: UserSigVerifier.Verified] = [:]
    }

    package init(_ configuration: SimulatorConfiguration, clock: @escaping @Sendable () -> Now) {
        self.configuration = configuration
        self.clock = clock
        verifier = UserSigVerifier(
            sdkAppID: configuration.sdkAppID,
            secretKey: configuration.secretKey
        )
        shared = Mutex(Shared(provider: SimulatedProvider(rules: configuration.rules)))
    }

    package var report: SimulatorReport { shared.withLock { $0.provider.report } }

    /// Forgets everything: counts, faults, and who was accepted.
    func reset() {
        shared.withLock { shared in
            shared.provider = SimulatedProvider(rules: configuration.rules)
            shared.faults = Faults()
        }
    }

    func replace(_ faults: Faults) {
        shared.withLock { shared in
            shared.faults = faults
            shared.provider.fail(faults.failure)
        }
    }

    func course(of command: SimulatedCommand) -> Faults.Course {
        shared.withLock { shared in
            guard command == .batchSend || shared.faults.areForAllCommands else {
                return Faults.Course()
            }
            return shared.faults.course(using: &shared.random)
        }
    }

    /// Answers one call; the body may be cut behind the packet limit, `byteCount` is whole.
    func answer(
        _ command: SimulatedCommand,
        query: Substring,
        body: [UInt8],
        byteCount: Int
    ) -> [UInt8] {
        switch command {
        case .batchSend: answer(query: query, body: body, byteCount: byteCount).json
        case .accountCheck: check(query: query, body: body)
        }
    }

    private func check(query: Substring, body: [UInt8]) -> [UInt8] {
        do throws(CallRefusal) {
            try check(query)
            let call = try AccountCheckCall(parsing: body)
            return try shared.withLock { shared throws(CallRefusal) in
                let mayFail = shared.faults.areForAllCommands
                return try shared.provider.receive(call, mayFail: mayFail)
            }
        } catch {
            return Envelope.fail(error.code).json
        }
    }

    private func answer(query: Substring, body: [UInt8], byteCount: Int) -> Envelope {
        do throws(CallRefusal) {
            try check(query)
            guard byteCount == body.count else { throw CallRefusal(93000) }
            let call = try BatchSendCall(parsing: body, packetLimit: configuration.packetLimit)
            // The time is read inside, or two connections could come in the wrong order.
            return shared.withLock { shared in
                shared.provider.receive(call, now: clock(), using: &shared.random)
            }
        } catch {
            return shared.withLock { shared in
                shared.provider.refuse(error, byteCount: byteCount, now: clock())
            }
        }
    }

    private func check(_ text: Substring) throws(CallRefusal) {
        let query = try CallQuery(parsing: text)
        guard query.sdkAppID == configuration.sdkAppID else { throw CallRefusal(60006) }
        let known = shared.withLock { $0.verified[query.signature] }
        let verified: UserSigVerifier.Verified
        if let known, known.identifier.utf8.elementsEqual(query.identifier.utf8) {
            verified = known
        } else {
            verified = try verifier.verify(query.signature, identifier: query.identifier)
            remember(verified, for: query.signature)
        }
        guard clock().timestamp.milliseconds / 1_000 < verified.expiresAt else {
            throw CallRefusal(70001)
        }
        guard query.identifier.utf8.elementsEqual(configuration.administrator.utf8) else {
            throw CallRefusal(90009)
        }
    }

    private func remember(_ verified: UserSigVerifier.Verified, for signature: [UInt8]) {
        shared.withLock { shared in
            // Few clients sign; a thousand signatures are somebody trying out.
            if shared.verified.count >= 1_000 { shared.verified.removeAll() }
            shared.verified[signature] = verified
        }
    }
}
