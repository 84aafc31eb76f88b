import Platform

extension DaemonClient {
    /// Does a request at the node that leads.
    ///
    /// A node that can't be reached has not done it, and one that stands by has not, or wants it
    /// repeated where it lost the lease over it: another one is asked. One whose connection broke may
    /// have done it: then only what asks for a state is asked again, and the caller knows of the rest
    /// whether it can be repeated.
    func exchange<Value>(
        _ request: Request,
        _ use: (DaemonAnswer) async throws(CommandFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        if nodes.isSingle {
            do throws(NodeFailure) {
                return try await attempt(request, at: nodes.present, use)
            } catch {
                throw error.failure
            }
        }
        if request.isAnsweredByAll, nodes.leader == nil { await lookForLeader() }
        let clock = ContinuousClock()
        let start = clock.now
        // Who set a time limit, such as a watch, asks again by itself.
        let limit = request.timeout == nil ? patience.limit : nil
        var search = LeaderSearch(nodes.addresses, limit: limit)
        while true {
            let address = nodes.present
            let failure: NodeFailure
            do throws(NodeFailure) {
                let value = try await attempt(request, at: address, use)
                if !request.isAnsweredByAll { note(leader: address, after: search) }
                return value
            } catch {
                failure = error
            }
            guard request.canBeAsked(after: failure.kind) else {
                if failure.kind == .answered { note(leader: address, after: search) }
                throw leave(address, after: failure, of: request)
            }
            switch search.step(after: failure, at: address, elapsed: start.duration(to: clock.now))
            {
            case .ask(let next): nodes.turn(to: next)
            case .giveUp(let failure): throw failure
            case .wait(let note):
                if let note { Self.say(note) }
                do {
                    try await clock.sleep(for: patience.pause)
                } catch {
                    throw failure.failure
                }
            }
        }
    }

    /// Asks each node once whether it leads.
    private func lookForLeader() async {
        var request = Request.leadersOnly
        request.timeout = .seconds(10)
        do throws(CommandFailure) {
            _ = try await send(request)
        } catch {
            // Then any node's answer will do, or says what is wrong.
        }
    }

    /// Finds the leader before a list is sent that can't be read twice.
    func findLeader() async throws(CommandFailure) {
        if !nodes.isSingle { _ = try await send(.leadersOnly) }
    }

    private func note(leader address: DaemonAddress, after search: LeaderSearch) {
        let isAnother = nodes.note(leader: address)
        if isAnother || search.hasWaited { Self.say("\(address) leads now") }
    }

    /// The failure of a request that no other node may be asked, which the next one begins with.
    private func leave(
        _ address: DaemonAddress,
        after failure: NodeFailure,
        of request: Request
    ) -> CommandFailure {
        guard failure.kind != .answered else { return failure.failure }
        let others = nodes.addresses.filter { $0 != address }
        if let next = others.first { nodes.turn(to: next) }
        if case .stream(let file, _) = request.body, !file.isRepeatable {
            let message =
                "\(failure.finding), and a part of \(file) is read and may be taken in; it can't be"
                + " read again from its start"
            return CommandFailure(.tryAgain, message)
        }
        return CommandFailure(.unreachable, failure.failure.message, retry: .soon)
    }

    private static func say(_ text: String) {
        ProgressDisplay.clearLine()
        StandardError.writeLine("fanoutd: \(text)")
    }
}

extension DaemonClient.Request {
    /// A request that asks little, and that only the leader answers.
    fileprivate static var leadersOnly: Self {
        Self("GET", "/v1/campaigns?limit=1", answer: .object(with: "items"))
    }

    /// Whether a node may be asked after another one has failed so.
    fileprivate func canBeAsked(after kind: NodeFailure.Kind) -> Bool {
        switch kind {
        case .answered: return false
        case .lost: return method == "GET"
        case .standsBy, .unreached:
            guard case .stream(let file, let counter) = body else { return true }
            return file.isRepeatable || counter.count == 0
        }
    }
}

/// How long a client looks for a node that leads.
package struct LeaderPatience: Sendable {
    /// Between two rounds.
    package var pause: Duration
    /// As long as a takeover takes.
    package var limit: Duration

    package init(pause: Duration = .seconds(1), limit: Duration = .seconds(60)) {
        self.pause = pause
        self.limit = limit
    }
}
