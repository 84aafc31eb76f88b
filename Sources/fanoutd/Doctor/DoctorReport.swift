import JSON
package import Platform

/// Everything that a doctor found, in the order of the checks.
package struct DoctorReport: Sendable, Hashable {
    package private(set) var findings: [Diagnosis] = []

    package init() {}

    package mutating func add(_ finding: Diagnosis) {
        findings.append(finding)
    }

    package func hasFault(in check: Diagnosis.Check) -> Bool {
        findings.contains { $0.check == check && $0.isFault }
    }

    /// The command's exit code: the first fault's, 1 with warnings; nil if all is well.
    package var code: CommandFailure.Code? {
        for finding in findings {
            if case .fault(let code) = finding.status { return code }
        }
        return findings.contains { $0.status == .warning } ? .incomplete : nil
    }

    /// The findings as one document.
    package var json: String {
        JSONText { text in
            text.object {
                $0.objects("checks", of: findings) {
                    $0.field("check", $1.check.rawValue)
                    $0.field("status", $1.status.name)
                    $0.field("detail", $1.detail)
                    $0.field("remedy", $1.remedy)
                }
                $0.field("exit", Int(code?.rawValue ?? 0))
            }
        }.string
    }
}
