import JSON
package import Platform

/// A campaign's submission: created, filled and started, each step retried.
///
/// The key makes a retry safe: the daemon creates one campaign for it.
package struct CampaignSubmission: Sendable {
    private let client: DaemonClient
    private let file: RecipientFile
    /// The user's own Idempotency-Key; nil for a new one.
    private let key: String?

    package init(client: DaemonClient, file: RecipientFile, key: String?) {
        self.client = client
        self.file = file
        self.key = key
    }

    /// Fills and starts a draft, unless an earlier submit with the same key has done so.
    ///
    /// In between a `check` may find that it had better not start; then it stays as it is.
    package func fillAndStart(
        _ id: String,
        checking check: (() async throws(CommandFailure) -> Void)? = nil
    ) async throws(CommandFailure) -> [UInt8] {
        // Checked before a long list is sent in vain.
        if key != nil, let earlier = try await submitted(id) {
            Self.tell(of: earlier.campaign)
            return earlier.answer
        }
        var isFilled = false
        do throws(CommandFailure) {
            // An earlier submit that has come to the check has sent the whole list.
            let isBeingChecked = check != nil && key != nil ? try await isBeingChecked(id) : false
            if !isBeingChecked { try await fill(id) }
            isFilled = true
            try await check?()
            return try await start(id)
        } catch {
            // A refusal may mean that a request whose answer was lost has succeeded.
            let mayBeDone = error.code == .refused || error.code == .badData
            if mayBeDone, let earlier = try await submitted(id) {
                // After a complete upload it was this submission that started the campaign.
                if !isFilled { Self.tell(of: earlier.campaign) }
                return earlier.answer
            }
            // The check has said what stays, and why.
            if isFilled, error.code == .incomplete { throw error }
            let addition = isFilled ? "" : "fanoutd add \(id) --to FILE; "
            StandardError.writeLine(
                "fanoutd: the draft \(id) stays with what was taken in; go on with\n"
                    + "  \(addition)fanoutd start \(id)\n"
                    + "or remove it with\n  fanoutd delete \(id)"
            )
            throw error
        }
    }

    /// The campaign if it isn't a draft any more; throws if it was deleted.
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

    private func isBeingChecked(_ id: String) async throws(CommandFailure) -> Bool {
        try await client.campaign(id).job(.check)?.isGoing ?? false
    }

    private static func tell(of campaign: CampaignView) {
        StandardError.writeLine(
            "fanoutd: submitted before as \(campaign.id), which is \(campaign.state); "
                + "nothing was added"
        )
    }

    /// Creates the draft; the key makes a retry safe.
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

    /// Starts the draft; for a retry the daemon answers that it has started.
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
                // A pipe can't be read again; recipients that the daemon got stay in the draft.
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
