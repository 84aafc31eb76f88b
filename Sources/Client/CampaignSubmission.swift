import JSON
package import Platform

/// A campaign on its way to the daemon: created, filled and started, each step tried again.
///
/// The key makes it safe to ask again: the daemon makes one campaign for it.
package struct CampaignSubmission: Sendable {
    private let client: DaemonClient
    private let file: RecipientFile
    /// The operator's own Idempotency-Key; nil for a new one.
    private let key: String?

    package init(client: DaemonClient, file: RecipientFile, key: String?) {
        self.client = client
        self.file = file
        self.key = key
    }

    /// Fills and starts a draft, unless an earlier submit with the same key has done so.
    package func fillAndStart(_ id: String) async throws(CommandFailure) -> [UInt8] {
        // Before a long list is sent for nothing.
        if key != nil, let earlier = try await submitted(id) {
            Self.tell(of: earlier.campaign)
            return earlier.answer
        }
        var isFilled = false
        do throws(CommandFailure) {
            try await fill(id)
            isFilled = true
            return try await start(id)
        } catch {
            // Refused may mean that a request whose answer was lost did it already.
            let mayBeDone = error.code == .refused || error.code == .badData
            if mayBeDone, let earlier = try await submitted(id) {
                // Where the list is in, it was this submit that started it.
                if !isFilled { Self.tell(of: earlier.campaign) }
                return earlier.answer
            }
            let addition = isFilled ? "" : "fanoutd add \(id) --to FILE; "
            StandardError.writeLine(
                "fanoutd: the draft \(id) stays with what was taken in; go on with\n"
                    + "  \(addition)fanoutd start \(id)\n"
                    + "or remove it with\n  fanoutd delete \(id)"
            )
            throw error
        }
    }

    /// The campaign if it is no draft any more; throws if it isn't there any more.
    private func submitted(
        _ id: String
    ) async throws(CommandFailure) -> (campaign: CampaignView, answer: [UInt8])? {
        let answer: [UInt8]
        do throws(CommandFailure) {
            answer = try await client.send(.campaign(id))
        } catch {
            guard error.isMissing else { throw error }
            throw CommandFailure(
                .refused,
                "this key's campaign, \(id), was deleted after it was made; nothing was sent now."
                    + "\nTo send the message again, submit with another --idempotency-key, or none"
            )
        }
        let campaign = CampaignView(try DaemonClient.parse(answer))
        return campaign.state == "draft" ? nil : (campaign, answer)
    }

    private static func tell(of campaign: CampaignView) {
        StandardError.writeLine(
            "fanoutd: submitted before as \(campaign.id), which is \(campaign.state); "
                + "nothing was added"
        )
    }

    /// Creates the draft; the key makes it safe to ask again.
    package func create(_ body: [UInt8]) async throws(CommandFailure) -> String {
        let key = key ?? RandomText.hexadecimal(bits: 128)
        let request = DaemonClient.Request(
            "POST",
            "/v1/campaigns",
            answer: .object(with: "id"),
            headers: [("Idempotency-Key", key)],
            body: .json(body)
        )
        var loop = RetryLoop(isKnown: false)
        let answer = try await loop.run { () throws(CommandFailure) in
            try await client.sendForJSON(request)
        }
        guard let id = answer["id"]?.string else {
            throw CommandFailure(.tryAgain, "the answer holds no id; is it a fanoutd?")
        }
        return id
    }

    /// Starts it; asked again, the daemon says that it has started.
    private func start(_ id: String) async throws(CommandFailure) -> [UInt8] {
        var loop = RetryLoop(isKnown: true)
        return try await loop.run { () throws(CommandFailure) in
            try await client.send(.change(id, "/start"))
        }
    }

    private func fill(_ id: String) async throws(CommandFailure) {
        var loop = RetryLoop(isKnown: true)
        let answer = try await loop.run { () throws(CommandFailure) in
            do throws(CommandFailure) {
                return try await client.upload(file, to: id)
            } catch {
                // A pipe is used up; what the daemon got of it stays in the draft.
                if !file.isRepeatable { throw error.final }
                throw error
            }
        }
        let intake = IntakeView(try DaemonClient.parse(answer))
        StandardError.writeLine(intake.text)
        guard intake.total > 0 else {
            throw CommandFailure(.badData, "\(file) holds no valid recipient")
        }
    }
}
