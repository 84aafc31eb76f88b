package import DeliveryCore
import DeliveryEngine
import TestSupport

/// What a test tells about a world, and what it saw: who answers what when, and what operators do.
package struct Story: Sendable {
    /// Says how a call goes; nil where the provider does as it always does.
    package var script: (@Sendable (Call) -> Faults.CallFate?)?
    /// Says how a question which accounts exist goes; nil where the provider does as it always does.
    package var checkScript: (@Sendable (Check) -> CheckOutcome?)?
    /// What the configuration's credentials are told by.
    package var fingerprint = "f"
    /// Every call that went out.
    package private(set) var calls: [Call] = []
    /// Every question which accounts exist.
    package private(set) var checks: [Check] = []
    /// When the service came to be in which state.
    package private(set) var states: [Stand] = []
    /// How often new credentials were asked for.
    package private(set) var renewals = 0
    /// Campaigns that were submitted while the world ran.
    package private(set) var submitted: [Campaign.ID] = []

    package init() {}

    /// A call as it goes out.
    package struct Call: Sendable {
        /// From 1 on.
        package let number: Int
        package let batch: Batch
        /// Since the world began.
        package let after: Duration
    }

    /// A question as it goes out; about nobody, for a probe.
    package struct Check: Sendable {
        package let accounts: [Account]
        /// Since the world began.
        package let after: Duration
    }

    /// Where the service stands from a time on.
    package struct Stand: Sendable {
        package let state: ServiceState
        package let reason: Campaign.Reason?
        package let after: Duration
    }

    /// Something that somebody does at a time.
    package enum Moment: Sendable {
        case write(Write)
        case pause(Bool)
        case reconfigure(Limits, fingerprint: String)
        case crash
        case submit([Account], Campaign.Settings)
    }

    mutating func called(_ batch: Batch, after: Duration) -> Call {
        let call = Call(number: calls.count + 1, batch: batch, after: after)
        calls.append(call)
        return call
    }

    mutating func checked(_ accounts: [Account], after: Duration) -> CheckOutcome? {
        let check = Check(accounts: accounts, after: after)
        checks.append(check)
        return checkScript?(check)
    }

    mutating func reported(_ report: Dispatcher.Report, after: Duration) {
        guard case .service(let state, let reason) = report else { return }
        states.append(Stand(state: state, reason: reason, after: after))
    }

    mutating func renewed() {
        renewals += 1
    }

    mutating func add(_ id: Campaign.ID) {
        submitted.append(id)
    }

    /// Recipients addressed in each minute, from the first on.
    package var perMinute: [Int] {
        var minutes: [Int] = []
        for call in calls {
            let minute = Int(call.after.inSeconds / 60)
            while minutes.count <= minute { minutes.append(0) }
            minutes[minute] += call.batch.accounts.count
        }
        return minutes
    }

    /// The calls of a stretch of time.
    package func calls(from start: Duration, to end: Duration) -> [Call] {
        calls.filter { $0.after >= start && $0.after < end }
    }
}

extension World {
    /// Has something happen so long after the world began.
    package mutating func stage(_ moment: Story.Moment, after: Duration) {
        agenda.add(
            Scheduled(life: life, step: .moment(moment)),
            at: Self.start.advanced(by: after)
        )
    }

    /// How long the world has run.
    package var elapsed: Duration { Self.start.duration(to: real) }

    mutating func live(_ moment: Story.Moment) async throws {
        switch moment {
        case .write(let write): ask(write)
        case .pause(let isPaused): askPause(isPaused)
        case .reconfigure(let limits, let fingerprint):
            self.limits = limits
            story.fingerprint = fingerprint
            hand(.reconfigured(limits, fingerprint: fingerprint))
        case .crash: crash()
        case .submit(let accounts, let settings):
            let created = try await create(accounts, settings: settings, start: true)
            story.add(created.campaign.id)
            if isUp, let work = created.work { hand(.admitted(work)) }
        }
    }
}
