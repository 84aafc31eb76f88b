import Codecs
package import JSON
package import Platform

extension DaemonClient {
    /// The path of a campaign, or of a resource below it.
    package static func path(_ id: String, _ rest: String = "") -> String {
        "/v1/campaigns/\(PercentEncoding.encode(id))\(rest)"
    }

    /// Sends a request whose answer is JSON.
    package func sendForJSON(_ request: Request) async throws(CommandFailure) -> JSON {
        try Self.parse(try await send(request))
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

    /// Streams recipients into a draft and shows progress.
    package func upload(
        _ file: RecipientFile,
        to id: String
    ) async throws(CommandFailure) -> [UInt8] {
        try await upload(file, path: Self.path(id, "/recipients"))
    }

    /// Streams accounts onto the suppression list and shows progress.
    package func suppress(_ file: RecipientFile) async throws(CommandFailure) -> [UInt8] {
        try await upload(file, path: "/v1/suppressions")
    }

    private func upload(
        _ file: RecipientFile,
        path: String
    ) async throws(CommandFailure) -> [UInt8] {
        if !file.isRepeatable { try await findLeader() }
        let counter = ByteCounter()
        let request = Request(
            "POST",
            path,
            answer: .object(with: "total"),
            headers: file.headers,
            body: .stream(file, counter)
        )
        let outcome = await withTaskGroup(
            of: Result<[UInt8], CommandFailure>?.self
        ) { group -> Result<[UInt8], CommandFailure>? in
            group.addTask {
                do throws(CommandFailure) {
                    return .success(try await send(request))
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
        // Most lists are sent before a display of progress is of use.
        var display = ProgressDisplay(firstLineAfter: .seconds(5))
        do {
            while true {
                try await ContinuousClock().sleep(for: ProgressDisplay.barInterval)
                display.show(Progress(sent: counter.count, of: file.size))
            }
        } catch {
            // Canceled: the upload has ended, and its answer has the totals.
            display.clear()
        }
    }
}

extension DaemonClient.Request {
    /// Reads a campaign.
    package static func campaign(_ id: String) -> Self {
        Self("GET", DaemonClient.path(id), answer: .object(with: "counts"))
    }

    /// Reads one recipient of a campaign.
    package static func recipient(_ account: String, of id: String) -> Self {
        let path = DaemonClient.path(id, "/recipients/\(PercentEncoding.encode(account))")
        return Self("GET", path, answer: .object(with: "status"))
    }

    /// Changes a campaign's state; the answer is the campaign.
    package static func change(_ id: String, _ action: String) -> Self {
        Self("POST", DaemonClient.path(id, action), answer: .object(with: "counts"))
    }

    /// Asks why a campaign moves no faster; of nil, why all sending does.
    package static func explanation(of id: String?) -> Self {
        let path = id.map { DaemonClient.path($0, "/explain") } ?? "/v1/explain"
        var request = Self("GET", path, answer: .object(with: "causes"))
        request.isAnsweredByAll = id == nil
        return request
    }

    /// Puts an account on the suppression list, or changes the reason of one that is on it.
    package static func suppress(_ account: String, reason: String?) -> Self {
        let body = JSONText.document { text in
            if let reason { text.field("reason", reason) }
        }
        return Self(
            "PUT",
            suppressionPath(account),
            answer: .object(with: "created_at"),
            body: .json(body)
        )
    }

    /// Takes an account off the suppression list.
    package static func unsuppress(_ account: String) -> Self {
        Self("DELETE", suppressionPath(account), answer: .nothing)
    }

    /// Reads one entry of the suppression list.
    package static func suppression(of account: String) -> Self {
        Self("GET", suppressionPath(account), answer: .object(with: "created_at"))
    }

    private static func suppressionPath(_ account: String) -> String {
        "/v1/suppressions/\(PercentEncoding.encode(account))"
    }

    /// Reads all rows of a list as a stream of this media type.
    package static func rows(_ path: String, as contentType: String) -> Self {
        var request = Self(
            "GET",
            path,
            answer: .rows(contentType),
            headers: [("Accept", contentType)]
        )
        request.mayTakeLong = true
        return request
    }

    /// Reads the quota.
    package static var quota: Self {
        var request = Self("GET", "/v1/quota", answer: .object(with: "window_used"))
        request.isAnsweredByAll = true
        return request
    }
}
