import JSON
package import Platform

/// A refusal of the endpoint (RFC 9457), for people to read.
package struct Refusal: Sendable, Hashable, CustomStringConvertible {
    package let status: Int
    package let title: String
    package let detail: String?
    package let state: String?
    /// The last part of the problem's type.
    package let slug: String?
    /// The URL of the node that leads, as one that stands by knows it.
    package let leader: String?
    /// Whether the problem is one of a daemon's.
    package let isFanoutd: Bool
    package let errors: [Fault]

    package struct Fault: Sendable, Hashable {
        package let pointer: String
        package let detail: String
    }

    /// Reads an answer's body; if it is no problem object, the status alone tells.
    package init(status: Int, body: [UInt8]) {
        self.status = status
        let object: JSON?
        do {
            object = try JSON(parsing: body)
        } catch {
            object = nil
        }
        let title = object?["title"]?.string ?? ""
        self.title = title.isEmpty ? "the daemon answered with status \(status)" : title
        detail = object?["detail"]?.string
        state = object?["state"]?.string
        leader = object?["leader"]?.string
        isFanoutd = object?["type"]?.string?.hasPrefix("urn:fanoutd:problem:") ?? false
        slug = object?["type"]?.string?.split(separator: ":").last.map(String.init)
        errors = (object?["errors"]?.elements ?? []).map { fault in
            Fault(
                pointer: fault["pointer"]?.string ?? "",
                detail: fault["detail"]?.string ?? ""
            )
        }
    }

    /// Title and detail, then a line for each invalid field.
    package var description: String {
        var text = title
        if let detail, detail != title { text += ": \(detail)" }
        if let state, detail?.contains(state) != true { text += " (state \(state))" }
        for error in errors {
            text += "\n  \(error.pointer.isEmpty ? "/" : error.pointer): \(error.detail)"
        }
        return text
    }

    /// The slugs of problems after which another node may be asked.
    static let standby = "standby"
    static let stopping = "stopping"

    /// The exit code for a status.
    package var exitCode: CommandFailure.Code {
        switch status {
        case 401, 403, 409: .refused
        case 408, 429, 500...: .tryAgain
        default: .badData
        }
    }

    /// The command's failure; `retryAfter` is the answer's Retry-After header.
    ///
    /// Only a cause that passes within seconds is worth another try: a full disk isn't.
    package func failure(retryAfter: String? = nil) -> CommandFailure {
        var remedy = ""
        if status == 401 {
            remedy =
                "\nName the daemon's token with --token-file, FANOUTD_TOKEN_FILE or FANOUTD_TOKEN"
        } else if slug == Self.standby {
            remedy =
                "\nName \(leader.map { "the leader, \($0)," } ?? "all nodes") with --url or"
                + " FANOUTD_URL, several separated by commas"
        }
        var failure = CommandFailure(exitCode, description + remedy)
        failure.isMissing = status == 404
        if status == 503 || slug == "key-in-use" {
            // A node that knows who leads won't do it itself before that one dies.
            if slug == Self.standby, leader != nil { return failure }
            failure.retry = retryAfter.flatMap(Int.init).map { .after(.seconds($0)) } ?? .soon
        }
        return failure
    }
}
