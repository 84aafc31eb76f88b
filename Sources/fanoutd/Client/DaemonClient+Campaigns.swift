import Codecs
package import JSON

extension DaemonClient {
    /// The path of a campaign, or of something below it.
    package static func path(_ id: String, _ rest: String = "") -> String {
        "/v1/campaigns/\(PercentEncoding.encode(id))\(rest)"
    }

    /// Makes a call whose answer is JSON.
    package func sendForJSON(_ call: Call) async throws(CommandFailure) -> JSON {
        try Self.parse(try await send(call))
    }

    package static func parse(_ bytes: [UInt8]) throws(CommandFailure) -> JSON {
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw CommandFailure(.unreachable, "the answer is no JSON; is it a fanoutd's?")
        }
    }

    package func campaign(_ id: String) async throws(CommandFailure) -> CampaignView {
        CampaignView(try await sendForJSON(.campaign(id)))
    }

    /// Streams recipients into a draft and shows how far it has come.
    package func upload(
        _ file: RecipientFile,
        to id: String
    ) async throws(CommandFailure) -> [UInt8] {
        let counter = ByteCounter()
        let call = Call(
            "POST",
            Self.path(id, "/recipients"),
            answer: .object(with: "total"),
            headers: file.headers,
            body: .stream(file, counter)
        )
        let outcome = await withTaskGroup(
            of: Result<[UInt8], CommandFailure>?.self
        ) { group -> Result<[UInt8], CommandFailure>? in
            group.addTask {
                do throws(CommandFailure) {
                    return .success(try await send(call))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await Self.showUpload(of: file, counter)
                return nil
            }
            var outcome: Result<[UInt8], CommandFailure>?
            for await ended in group where ended != nil {
                outcome = ended
                group.cancelAll()
            }
            return outcome
        }
        guard let outcome else { throw CommandFailure(.tryAgain, "the upload was interrupted") }
        return try outcome.get()
    }

    private static func showUpload(of file: RecipientFile, _ counter: ByteCounter) async {
        // Most lists are sent before anybody would ask how far they have come.
        var display = ProgressDisplay(firstLineAfter: .seconds(5))
        do {
            while true {
                try await ContinuousClock().sleep(for: ProgressDisplay.barInterval)
                display.show(Progress(sent: counter.count, of: file.size))
            }
        } catch {
            // Canceled: the upload has ended, and its answer says the rest.
            display.clear()
        }
    }
}

extension DaemonClient.Call {
    /// Asks for a campaign.
    package static func campaign(_ id: String) -> Self {
        Self("GET", DaemonClient.path(id), answer: .object(with: "counts"))
    }

    /// Changes a campaign's state; the answer is the campaign.
    package static func change(_ id: String, _ action: String) -> Self {
        Self("POST", DaemonClient.path(id, action), answer: .object(with: "counts"))
    }

    /// Asks where the quota stands.
    package static var quota: Self {
        Self("GET", "/v1/quota", answer: .object(with: "window_used"))
    }
}

/// What the daemon says about a stream of recipients.
package struct IntakeView: Sendable, Hashable {
    package let accepted: Int
    package let duplicates: Int
    package let invalid: Int
    package let examples: [Example]
    package let total: Int

    package struct Example: Sendable, Hashable {
        package let line: Int
        package let reason: String
    }

    package init(_ json: JSON) {
        accepted = json["accepted"]?.integer ?? 0
        duplicates = json["duplicates"]?.integer ?? 0
        invalid = json["invalid"]?.integer ?? 0
        total = json["total"]?.integer ?? 0
        examples = (json["invalid_examples"]?.elements ?? []).map {
            Example(line: $0["line"]?.integer ?? 0, reason: $0["reason"]?.string ?? "")
        }
    }

    /// For standard error: what was taken, and a line for each example of what wasn't.
    package var text: String {
        var text = "\(accepted.grouped) accepted"
        if duplicates > 0 {
            text += ", \(duplicates.grouped) duplicate\(duplicates == 1 ? "" : "s") dropped"
        }
        if invalid > 0 {
            text += ", \(invalid.grouped) invalid line\(invalid == 1 ? "" : "s") left out"
        }
        text += "; \(total.grouped) in all"
        for example in examples {
            text += "\n  line \(example.line): \(example.reason)"
        }
        if invalid > examples.count, !examples.isEmpty {
            text += "\n  and \((invalid - examples.count).grouped) more"
        }
        return text
    }
}
