/// The commands that are answered, each by its path.
enum SimulatedCommand: String, Sendable {
    case batchSend = "/v4/openim/batchsendmsg"
    case accountCheck = "/v4/im_open_login_svc/account_check"
}
