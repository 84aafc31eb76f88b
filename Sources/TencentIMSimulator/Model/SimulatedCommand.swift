/// The commands that are answered, each by its path.
package enum SimulatedCommand: String, Sendable {
    case batchSend = "/v4/openim/batchsendmsg"
    case accountCheck = "/v4/im_open_login_svc/account_check"
    case history = "/v4/openim/admin_getroammsg"
    case recall = "/v4/openim/admin_msgwithdraw"

    /// The calls that any second takes; batchsendmsg has its quota of recipients instead.
    var callsPerSecond: Int {
        switch self {
        case .batchSend: .max
        case .accountCheck: 100
        case .history, .recall: 200
        }
    }
}
