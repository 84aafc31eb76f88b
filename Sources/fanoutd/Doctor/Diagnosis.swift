package import Platform

/// One finding of a doctor: a check, how it stands, and what would do.
package struct Diagnosis: Sendable, Hashable {
    package let check: Check
    package let status: Status
    package let detail: String
    /// Nil where nothing needs doing, or where the detail says it.
    package let remedy: String?

    /// What is looked at, in the order in which it could stop an instance; scripts go by the names.
    package enum Check: String, Sendable, Hashable, CaseIterable {
        case configuration
        case secretKey = "secret_key"
        case tokens
        case store
        case unit
        case clock
        case network
        case backupEndpoint = "backup_endpoint"
        case credentials
        case delivery
        case webhook
    }

    package enum Status: Sendable, Hashable {
        case ok
        case warning
        /// The instance can't work so; the code is what the command ends with.
        case fault(CommandFailure.Code)

        package var name: String {
            switch self {
            case .ok: "ok"
            case .warning: "warning"
            case .fault: "fault"
            }
        }

        var mark: String {
            switch self {
            case .ok: "✓"
            case .warning: "!"
            case .fault: "✗"
            }
        }
    }

    package init(_ check: Check, _ status: Status, _ detail: String, remedy: String? = nil) {
        self.check = check
        self.status = status
        self.detail = Redaction.redact(detail)
        self.remedy = remedy.map(Redaction.redact)
    }

    init(_ check: Check, _ status: Status, _ finding: Finding) {
        self.init(check, status, finding.problem, remedy: finding.remedy)
    }

    package var isFault: Bool { if case .fault = status { true } else { false } }

    /// The finding as one line.
    package var line: String {
        "\(status.mark) \(check.rawValue): \(detail)" + (remedy.map { "; \($0)" } ?? "")
    }
}

extension Finding {
    /// Takes a message of this program apart: what is wrong, and behind the last separator what
    /// would do.
    package init(splitting text: String, at separator: String) {
        guard let place = text.ranges(of: separator).last else {
            self.init(problem: text, remedy: "see to that")
            return
        }
        self.init(
            problem: String(text[..<place.lowerBound]),
            remedy: String(text[place.upperBound...])
        )
    }
}
