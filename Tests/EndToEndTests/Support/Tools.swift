import Testing

/// What a machine may lack or not permit; a test that needs it is skipped with its reason.
enum Tools {
    /// Whether system calls of a child can be made to fail.
    static let canTrace = succeeds("strace", "-f", "-o", "/dev/null", "true")
    /// Whether a child can have a disk of its own.
    static let canMount = succeeds("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")

    /// Whether systemd's own checks of a unit can be had.
    static let canAnalyze = succeeds("systemd-analyze", "--version")

    private static func succeeds(_ command: String...) -> Bool {
        do {
            let child = try ChildProcess("/usr/bin/env", command, name: command[0])
            return try child.waitForEnd().exitCode == 0
        } catch {
            return false
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Needs strace and the right to trace; `left` says what stays untested without.
    static func traced(_ left: Comment) -> Self {
        .enabled(if: Tools.canTrace, "strace isn't there or may not trace; left out: \(left)")
    }

    /// Needs systemd's tools.
    static var analyzed: Self {
        .enabled(
            if: Tools.canAnalyze,
            "systemd-analyze isn't there; left out: whether systemd understands the units"
        )
    }

    /// Needs the right to mount; `left` says what stays untested without.
    static func mounted(_ left: Comment) -> Self {
        .enabled(if: Tools.canMount, "a tmpfs can't be mounted here; left out: \(left)")
    }
}
