package import Platform
package import PostgresQueue

// The store where it is a PostgreSQL.
extension Diagnosis {
    /// How the database stands; `time` is what it took to find its leading server and look.
    package static func database(
        _ schema: String,
        _ seen: Result<PostgresInspection, PostgresError>,
        _ rule: PostgresOptions.SynchronousRule,
        time: Duration
    ) -> Diagnosis {
        switch seen {
        case .failure(let error):
            return Diagnosis(
                .store,
                .fault(.tryAgain),
                Finding(splitting: error.description, at: ": ")
            )
        case .success(let found):
            let summary = summary(schema, found, rule, time)
            // Under the other rules it is refused, or not asked for.
            guard rule == .optional, let fault = found.synchronousFault else {
                return Diagnosis(.store, .ok, summary)
            }
            return Diagnosis(
                .store,
                .warning,
                "\(fault), so a commit may be lost with its server, and then recipients are sent to"
                    + " twice; \(summary)",
                remedy:
                    "set up synchronous replication, and store.postgres.requireSynchronous: true"
            )
        }
    }

    private static func summary(
        _ schema: String,
        _ found: PostgresInspection,
        _ rule: PostgresOptions.SynchronousRule,
        _ time: Duration
    ) -> String {
        var parts = ["PostgreSQL \(found.serverVersion / 10_000) at \(found.host) takes writes"]
        switch found.presence {
        case .none: parts.append("the first start makes the schema \(schema)")
        case .version(let version): parts.append("the schema \(schema) has version \(version)")
        }
        if found.synchronousFault == nil {
            parts.append("commits wait for a second server")
        } else if rule == .managed {
            parts.append("the service is trusted to keep a second copy")
        }
        if let leader = found.leader {
            parts.append("\(leader) leads")
        } else if found.epoch ?? 0 > 0 {
            parts.append("its leader, if there is one, has no cluster.advertise")
        } else {
            parts.append("no node has led yet")
        }
        parts.append("an answer takes \(text(time))")
        return parts.joined(separator: ", ")
    }

    /// A node's folder in which no file can be written.
    package static func stateDirectory(_ folder: String, _ fault: SmallFile.Fault) -> Diagnosis {
        Diagnosis(
            .store,
            .fault(.tryAgain),
            "cluster.stateDirectory: no file can be written in \(folder) (\(fault.reason))",
            remedy: remedy(for: fault)
        )
    }
}
