/// The commands of Tencent's REST interface that are called, each by its path below `/v4/`.
enum ServiceCommand: String, Sendable {
    case batchSend = "openim/batchsendmsg"
    case accountCheck = "im_open_login_svc/account_check"
    case history = "openim/admin_getroammsg"
    case recall = "openim/admin_msgwithdraw"

    /// Whether a call does something that can't be undone, and not only asks.
    var changesSomething: Bool {
        switch self {
        case .batchSend, .recall: true
        case .accountCheck, .history: false
        }
    }
}
