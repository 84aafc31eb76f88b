import Foundation

/// Stands between the daemon and its provider, and does something at an exact moment of a call.
///
/// A crash between a provider's acceptance and its answer is the worst there is, and no timing
/// finds it surely: the relay knows when it is.
final class Relay: Sendable {
    let port: Int
    private let listener: Socket
    private let upstream: Int
    private let state = Monitor(State())

    /// A moment in the life of one call.
    enum Moment: Sendable {
        /// The request is here and the provider hasn't got it; it never will.
        case arrived
        /// The provider's answer is here and the daemon hasn't got it; it never will.
        case answered
        /// The daemon has been sent the answer.
        case passedOn
    }

    private struct State: Sendable {
        var counts: [Moment: Int] = [:]
        var packetSizes: [Int] = []
        var traps: [Trap] = []
    }

    private struct Trap: Sendable {
        let number: Int
        let moment: Moment
        let action: @Sendable () -> Void
    }

    init(to upstream: Int) throws {
        self.upstream = upstream
        port = try Socket.freePort()
        listener = try Socket.listen(port: port)
        Thread.detachNewThread { [listener, state] in
            while let connection = listener.accept() {
                Thread.detachNewThread { Self.serve(connection, upstream, state) }
            }
        }
    }

    deinit {
        listener.shutDown()
    }

    /// Does something at a moment of the n-th call from now.
    func atCall(_ number: Int, _ moment: Moment, _ action: @escaping @Sendable () -> Void) {
        state.change { state in
            let absolute = (state.counts[moment] ?? 0) + number
            state.traps.append(Trap(number: absolute, moment: moment, action: action))
        }
    }

    /// Waits until so many calls have come to a moment since the relay began.
    func wait(for number: Int, _ moment: Moment) throws {
        let found = state.wait(seconds: ChildProcess.patience) { state in
            (state.counts[moment] ?? 0) >= number ? true : nil
        }
        guard found != nil else {
            throw Failure("only \(state.current.counts) calls, not \(number) \(moment)")
        }
    }

    /// The bytes of each request's body so far, in the order of their arrival.
    var packetSizes: [Int] { state.current.packetSizes }

    private static func serve(_ daemon: Socket, _ upstream: Int, _ state: Monitor<State>) {
        do {
            let provider = try Socket.connect(port: upstream)
            var (requests, answers) = (HTTPReader(daemon), HTTPReader(provider))
            while let request = try requests.next() {
                state.change { $0.packetSizes.append(request.body.count) }
                if note(.arrived, state) { break }
                try provider.send(request.raw)
                guard let answer = try answers.next() else { break }
                if note(.answered, state) { break }
                try daemon.send(answer.raw)
                _ = note(.passedOn, state)
            }
        } catch {
            // One side is gone, as tests want it; what follows from that is seen elsewhere.
        }
        daemon.shutDown()
    }

    /// Counts a moment; true if it was one to do something at.
    private static func note(_ moment: Moment, _ state: Monitor<State>) -> Bool {
        let trap: Trap? = state.change { state in
            let number = (state.counts[moment] ?? 0) + 1
            state.counts[moment] = number
            let trap = state.traps.first { $0.moment == moment && $0.number == number }
            return trap
        }
        trap?.action()
        return trap != nil
    }
}
