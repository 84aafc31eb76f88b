import Client
import Platform
import Testing

@Suite struct RetryLoopTests {
    private let broken = CommandFailure(.unreachable, "broke off", retry: .soon)

    @Test func `what may pass is tried again, later each time and not for ever`() {
        var loop = RetryLoop(isKnown: false)
        let pauses = (0..<6).map { _ in loop.pause(after: broken) }
        #expect(pauses == [1, 2, 4, 8, 16].map { .seconds($0) } + [nil])
    }

    @Test func `the daemon's wish is heard up to half a minute`() {
        var loop = RetryLoop(isKnown: false)
        let busy = { CommandFailure(.tryAgain, "busy", retry: .after(.seconds($0))) }
        #expect(loop.pause(after: busy(10)) == .seconds(10))
        #expect(loop.pause(after: busy(0)) == .zero)
        #expect(loop.pause(after: busy(60)) == nil)
    }

    @Test func `a daemon that isn't there is waited for only if it was there before`() {
        let gone = CommandFailure(.unreachable, "refused")
        var stranger = RetryLoop(isKnown: false)
        #expect(stranger.pause(after: gone) == nil)
        var known = RetryLoop(isKnown: true)
        #expect(known.pause(after: gone) == .seconds(1))
        #expect(known.pause(after: CommandFailure(.badData, "invalid")) == nil)
    }

    @Test(
        arguments: [
            (409, "key-in-use", "1", CommandFailure.Retry.after(.seconds(1))),
            (409, "wrong-state", nil, nil), (503, "stopping", nil, .soon),
            (503, "too-busy", "1", .after(.seconds(1))), (507, "store-full", "60", nil),
            (422, "invalid", nil, nil),
        ] as [(Int, String, String?, CommandFailure.Retry?)]
    )
    func `a refusal that passes by itself is known by its kind`(
        _ status: Int,
        _ slug: String,
        _ wish: String?,
        _ retry: CommandFailure.Retry?
    ) {
        let body = #"{"type":"urn:fanoutd:problem:\#(slug)","title":"no"}"#
        let refusal = Refusal(status: status, body: Array(body.utf8))
        #expect(refusal.failure(retryAfter: wish).retry == retry)
    }

    @Test func `a request is made again until it is answered`() async throws {
        var loop = RetryLoop(isKnown: false)
        var requests = 0
        var notes: [String] = []
        func note(_ text: String) { notes.append(text) }
        let answer = try await loop.run(saying: note) { () throws(CommandFailure) in
            requests += 1
            if requests == 1 {
                throw CommandFailure(.tryAgain, "busy", retry: .after(.zero))
            }
            return requests
        }
        #expect(answer == 2)
        #expect(notes == ["fanoutd: busy\n  trying again in 0 s"])
    }
}
