import Platform
import Synchronization

/// The nodes that serve one queue, as a client was given them, and the one that it speaks to.
///
/// A token goes to these alone, whatever address a node says that another one has.
final class DaemonNodes: Sendable {
    let addresses: [DaemonAddress]
    private let state: Mutex<State>

    private struct State {
        var present: DaemonAddress
        /// Who has answered as the leader last.
        var leader: DaemonAddress?
    }

    init(_ first: DaemonAddress, _ others: [DaemonAddress]) {
        addresses = [first] + others.filter { $0 != first }
        state = Mutex(State(present: first))
    }

    var isSingle: Bool { addresses.count == 1 }
    var present: DaemonAddress { state.withLock { $0.present } }
    var leader: DaemonAddress? { state.withLock { $0.leader } }

    func turn(to address: DaemonAddress) {
        state.withLock { $0.present = address }
    }

    /// Notes who has answered as the leader; true if it was another one before.
    func note(leader: DaemonAddress) -> Bool {
        state.withLock { state in
            defer { state.leader = leader }
            return state.leader.map { $0 != leader } ?? false
        }
    }
}

/// Why a node didn't do what it was asked.
struct NodeFailure: Error {
    let kind: Kind
    /// For a list of what was found at each node.
    let finding: String
    let failure: CommandFailure

    enum Kind: Hashable {
        /// It doesn't lead; the URL of who does, if it knows.
        case standsBy(leader: String?)
        /// The request can't have reached it.
        case unreached
        /// The connection ended before an answer: what was asked for may be done.
        case lost
        /// It has answered.
        case answered
    }

    init(_ kind: Kind, finding: String = "", _ failure: CommandFailure) {
        self.kind = kind
        self.finding = finding
        self.failure = failure
    }
}

/// The search for the node that leads: all are asked in turn, and again while some stand by.
struct LeaderSearch {
    private let addresses: [DaemonAddress]
    /// For how long rounds are repeated; nil for one round.
    private let limit: Duration?
    /// What this round has found so far, in the order of the asking.
    private var findings: [(address: DaemonAddress, text: String)] = []
    /// Whether a node of this round stands by, so that one of them will lead.
    private var isExpected = false
    /// A leader that was named and isn't among the nodes.
    private var stranger: String?
    /// Whether it was said that the search goes on.
    private(set) var hasWaited = false

    enum Step {
        case ask(DaemonAddress)
        /// Ask again after a pause; the note is for the first one.
        case wait(note: String?)
        case giveUp(CommandFailure)
    }

    init(_ addresses: [DaemonAddress], limit: Duration?) {
        self.addresses = addresses
        self.limit = limit
    }

    mutating func step(
        after failure: NodeFailure,
        at address: DaemonAddress,
        elapsed: Duration
    ) -> Step {
        findings.append((address, failure.finding))
        var hint: DaemonAddress?
        if case .standsBy(let leader) = failure.kind {
            isExpected = true
            let named = leader.flatMap(DaemonAddress.init)
            hint = named.flatMap { addresses.contains($0) ? $0 : nil }
            if hint == nil, let leader { stranger = leader }
        }
        let left = addresses.filter { address in !findings.contains { $0.address == address } }
        if let next = left.first(where: { $0 == hint }) ?? left.first { return .ask(next) }
        guard isExpected, let limit, elapsed < limit else { return .giveUp(ending) }
        let note = "no node leads yet: \(summary)\n  trying again for \(Int(limit / .seconds(1))) s"
        defer { hasWaited = true }
        findings = []
        isExpected = false
        return .wait(note: hasWaited ? nil : note)
    }

    private var summary: String { findings.map(\.text).joined(separator: ", ") }

    private var ending: CommandFailure {
        guard isExpected else {
            return CommandFailure(
                .unreachable,
                "no node answers: \(summary); are the daemons running? Name them with --url or"
                    + " FANOUTD_URL, separated by commas"
            )
        }
        let remedy =
            stranger.map { "name the leader's \($0) too, with --url or FANOUTD_URL" }
            ?? "a node's log tells why it doesn't take over"
        return CommandFailure(.tryAgain, "no node leads: \(summary); \(remedy)")
    }
}
