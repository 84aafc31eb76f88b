import Codecs
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
        }
    }

    /// The `Date` of an answer that goes now.
    var date: String {
        HTTPDate.text(seconds: shared.withLock { $0.provider.seconds(at: clock()) })
    }

    func replace(_ faults: Faults) {
        shared.withLock { $0.provider.faults = faults }
    }

    func course(of command: SimulatedCommand) -> Faults.Course {
        shared.withLock { shared in
            let faults = shared.provider.faults
            guard command == .batchSend || faults.areForAllCommands else { return Faults.Course() }
            return faults.course(using: &shared.random)
        }
    }

    /// Answers one call, or carries it out and returns nil if its answer is to get lost; the body may
    /// be cut behind the packet limit, `byteCount` is whole.
    func answer(
        _ command: SimulatedCommand,
        query: Substring,
        body: [UInt8],
        byteCount: Int
    ) -> [UInt8]? {
        guard command == .batchSend else { return answer(command, query: query, body: body) }
        let envelope = answerBatch(query: query, body: body, byteCount: byteCount)
        return envelope.isLost ? nil : envelope.json
    }

    private func answer(_ command: SimulatedCommand, query: Substring, body: [UInt8]) -> [UInt8] {
        do throws(CallRefusal) {
            try check(query)
            let call = try NeighbourCall(command, parsing: body)
            return shared.withLock { $0.provider.receive(call, now: clock()) }
        } catch {
            return shared.withLock { $0.provider.refuse(error).json }
        }
    }

    private func answerBatch(query: Substring, body: [UInt8], byteCount: Int) -> Envelope {
        do throws(CallRefusal) {
            try check(query)
            guard byteCount == body.count else { throw CallRefusal(93000) }
            let call = try BatchSendCall(
                parsing: body,
                packetLimit: configuration.packetLimit,
                administrator: configuration.administrator
            )
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
