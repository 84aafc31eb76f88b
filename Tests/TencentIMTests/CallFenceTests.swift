import DeliveryCore
import Platform
import Synchronization
import TencentIM
import TestSupport
import Testing

private let accepted = LoopbackServer.Reply.answer(
    body: #"{"ActionStatus":"OK","ErrorCode":0,"MsgKey":"k"}"#
)

/// A fence that stands closed until it is opened, and counts who came to it.
private final class Fence: Sendable {
    private let state = Mutex((isOpen: false, asked: 0))

    var asked: Int { state.withLock { $0.asked } }

    func open() { state.withLock { $0.isOpen = true } }

    func allows() -> Bool {
        state.withLock { state in
            state.asked += 1
            return state.isOpen
        }
    }
}

private func withFencedProvider(
    _ endpoint: String,
    backup: String? = nil,
    caFile: String? = nil,
    _ fence: Fence,
    _ body: (TencentIMProvider) async throws -> Void
) async throws {
    let provider = try TencentIMProvider(
        settings: ProviderSettings(
            endpoint: try #require(WebAddress(endpoint)),
            backupEndpoint: try backup.map { try #require(WebAddress($0)) },
            credentials: makeCredentials(),
            timeout: .seconds(3_600)
        ),
        caFile: caFile,
        random: SplitMix64(seed: 1),
        now: { Timestamp(milliseconds: 1_700_000_000_000) },
        allowsCall: { fence.allows() }
    )
    do {
        try await body(provider)
        await provider.shutdown()
    } catch {
        await provider.shutdown()
        throw error
    }
}

private func text(ofUnsent outcome: Outcome) -> String? {
    if case .notSent(let text) = outcome { text } else { nil }
}

@Suite struct `A closed fence` {
    private let fence = Fence()

    @Test(arguments: [false, true])
    func `keeps a call's bytes back when its connection stands`(isSecure: Bool) async throws {
        let tls = isSecure ? try LoopbackCertificate.serverContext() : nil
        try await LoopbackCertificate.withFile { file in
            try await LoopbackServer.run([accepted], tls: tls) { server in
                let url = isSecure ? server.secureURL : server.url
                try await withFencedProvider(url, caFile: file, fence) { provider in
                    let held = await provider.send(makeBatch())
                    #expect(text(ofUnsent: held)?.contains("no other node leads") == true)
                    #expect(fence.asked == 1)
                    await server.wait(for: .connected)
                    #expect(server.requests.isEmpty)
                    fence.open()
                    let sent = await provider.send(makeBatch())
                    #expect(sent == .answered(messageKey: "k", refused: []))
                }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `sends nothing to the backup either, and the first endpoint stays the first`()
        async throws
    {
        try await LoopbackServer.run([accepted]) { backup in
            try await LoopbackServer.run([accepted]) { first in
                try await withFencedProvider(first.url, backup: backup.url, fence) { provider in
                    let held = await provider.send(makeBatch())
                    #expect(text(ofUnsent: held) != nil)
                    fence.open()
                    _ = await provider.send(makeBatch())
                }
                #expect(first.requests.count == 1)
            }
            #expect(backup.connectionCount == 0)
        }
    }

    @Test func `holds recalls back, and lets questions through`() async throws {
        try await LoopbackServer.run([accepted]) { server in
            try await withFencedProvider(server.url, fence) { provider in
                let recall = Recall(
                    account: Account("bonnie"),
                    message: makeMessage(),
                    sender: nil,
                    messageKey: "7_9_1700000003"
                )
                guard case .notSent = await provider.recall(recall) else {
                    Issue.record("a recall went out")
                    return
                }
                #expect(server.requests.isEmpty)
                _ = await provider.check([])
                _ = await provider.lookUp(makeLookUp())
                #expect(server.requests.count == 2)
                #expect(fence.asked == 1)
            }
        }
    }
}
