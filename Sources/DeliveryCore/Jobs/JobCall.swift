/// A call of a job, or of the verification that a campaign's policy asks for.
package enum JobCall: Sendable, Hashable {
    /// Which of these accounts exist?
    case check([Account])
    case lookUp(LookUp)
    case recall(Recall)

    /// The kind of job that makes such calls; look-ups are also made without one.
    package var kind: Job.Kind {
        switch self {
        case .check: .check
        case .lookUp: .verify
        case .recall: .recall
        }
    }

    /// Names a call that is out.
    package struct ID: Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) {
            self.rawValue = rawValue
        }
    }
}
