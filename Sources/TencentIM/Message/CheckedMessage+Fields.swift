import DeliveryCore
import JSON

extension CheckedMessage {
    /// The sender that the message names; nil if it goes out in the administrator's name.
    var sender: [UInt8]? { fields?["From_Account"]?.stringBytes }

    /// Whether it can be found in a history: a message that is never kept can't.
    var leavesHistory: Bool {
        let fields = fields
        return fields?["OnlineOnlyFlag"]?.integer != 1 && fields?["MsgLifeTime"]?.integer != 0
    }

    private var fields: JSON? {
        do { return try JSON(parsing: json) } catch {
            // What passed the checks is JSON; what was damaged since names nothing.
            return nil
        }
    }
}
