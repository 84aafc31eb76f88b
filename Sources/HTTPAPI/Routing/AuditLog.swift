import DeliveryCore
import Logging

/// Says in the log who changed what; refusals are not in it.
struct AuditLog: Sendable {
    let logger: Logger

    /// `caller` takes the place of the principal's name.
    func record(
        _ request: APIRequest,
        _ action: String,
        _ id: Campaign.ID? = nil,
        caller: String? = nil
    ) {
        var metadata: Logger.Metadata = [
            "caller": "\(caller ?? request.principal.name)", "action": "\(action)",
        ]
        if let id { metadata["campaign"] = "\(id)" }
        logger.info("Changed by request", metadata: metadata)
    }
}
