import Glibc
import Platform
import Synchronization
package import UnixSignals

/// Ctrl-C while a command creates a campaign that stays: it is named before the process ends.
package final class Interruption: Sendable {
    private let stage: Mutex<Stage>

    /// The command's progress.
    package enum Stage: Sendable, Hashable {
        case creating
        /// The campaign is a draft, as far as the command knows.
        case draft(String)
        case started(String)
        /// The campaign is a draft that is filled, and being checked.
        case checking(String)
        /// A job of the campaign runs.
        case job(JobView.Kind, String)
    }

    package init(_ stage: Stage) {
        self.stage = Mutex(stage)
    }

    package func reach(_ stage: Stage) {
        self.stage.withLock { $0 = stage }
    }

    /// Does some work; at a signal meanwhile, prints what stays and ends the process by that
    /// signal.
    package func guarding<Value>(
        _ client: DaemonClient,
        _ body: () async throws -> Value
    ) async throws -> Value {
        // Trapped before the work begins: a signal that came sooner would end the process unheard.
        let signals = await UnixSignalsSequence(
            trapping: [UnixSignal.sigint, .sigterm].filter(Self.isHeeded)
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    await self.tell(client)
                    Self.die(by: signal)
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    private func tell(_ client: DaemonClient) async {
        let stage = stage.withLock { $0 }
        var campaign: CampaignView?
        if case .draft(let id) = stage {
            var request = DaemonClient.Request.campaign(id)
            // The user who pressed Ctrl-C waits for it.
            request.timeout = .seconds(2)
            do throws(CommandFailure) {
                campaign = CampaignView(try await client.sendForJSON(request))
            } catch {
                campaign = nil
            }
        }
        ProgressDisplay.clearLine()
        StandardError.writeLine("fanoutd: interrupted; \(Self.text(stage, campaign))")
    }

    /// What stays, and the remedy; `campaign` is its state, nil if that isn't known.
    package static func text(_ stage: Stage, _ campaign: CampaignView?) -> String {
        switch stage {
        case .creating:
            return "a draft may have been made; look with: fanoutd list --state draft"
        case .draft(let id):
            if let campaign, campaign.state != "draft" { return goesOn(id, campaign.state) }
            let amount = campaign.map { " with \($0.total.grouped) recipients" } ?? ""
            return """
                the draft \(id) stays\(amount) and isn't started
                  go on with:  fanoutd add \(id) --to FILE; fanoutd start \(id)
                  or remove:   fanoutd delete \(id)
                """
        case .started(let id):
            return goesOn(id, "started")
        case .checking(let id):
            return """
                the draft \(id) stays and isn't started; its check goes on without this command
                  see it with:  fanoutd watch \(id)
                  go on with:   fanoutd start \(id)
                  or remove:    fanoutd check \(id) --stop; fanoutd delete \(id)
                """
        case .job(let kind, let id):
            return """
                the \(kind.noun) of \(id) goes on without this command
                  see it with:  fanoutd watch \(id)
                  or stop it:   fanoutd \(kind.rawValue) \(id) --stop
                """
        }
    }

    private static func goesOn(_ id: String, _ state: String) -> String {
        """
        the campaign \(id) is \(state) and goes on without this command
          see it with:  fanoutd watch \(id)
          or end it:    fanoutd cancel \(id)
        """
    }

    /// Whether a signal isn't ignored, as under `nohup` or in a script's background.
    package static func isHeeded(_ signal: UnixSignal) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(signal.rawValue, nil, &action) == 0 else { return true }
        let handler = unsafe action.__sigaction_handler.sa_handler
        return unsafe unsafeBitCast(handler, to: Int.self) != 1
    }

    /// Ends the process by the signal, so that a shell sees it.
    ///
    /// The threads of tasks block all signals.
    private static func die(by signal: UnixSignal) {
        _ = Glibc.signal(signal.rawValue, SIG_DFL)
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe sigaddset(&mask, signal.rawValue)
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        raise(signal.rawValue)
    }
}
