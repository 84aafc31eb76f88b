import Platform

extension Diagnosis {
    /// What a message to one account showed; whatever it is, the instance can work.
    package static func delivery(_ recipient: String, _ sighting: DeliverySighting) -> Diagnosis {
        switch sighting {
        case .noDaemon(let reason):
            warning(
                "nothing was sent, no daemon takes requests: \(reason)",
                "start it, run this again"
            )
        case .refused(let reason):
            warning("the daemon sent nothing: \(reason)", "see fanoutd quota, and its log")
        case .pending(let status):
            warning(
                "the message to '\(recipient)' is still \(status), and was canceled",
                "see fanoutd quota, and its log"
            )
        case .unsent(let status, let info):
            warning(
                "the message to '\(recipient)' ended as \(status)"
                    + (info.isEmpty ? "" : ": \(info)"),
                status == "suppressed"
                    ? "take it off the list (fanoutd unsuppress), or give another account"
                    : "give an account that the app has, to which it may send"
            )
        case .sent(let key, let history): delivery(recipient, key, history)
        }
    }

    private static func delivery(
        _ recipient: String,
        _ key: String,
        _ history: DeliverySighting.History
    ) -> Diagnosis {
        let sent = "the message to '\(recipient)' was sent"
        switch history {
        case .shown(let time, let found?) where found == key:
            return Diagnosis(
                .delivery,
                .ok,
                "\(sent), its history shows it after \(text(time)), with the call's MsgKey \(key)"
            )
        case .shown(let time, nil):
            return Diagnosis(
                .delivery,
                .ok,
                "\(sent), its history shows it after \(text(time)), without a MsgKey"
            )
        case .shown(let time, let found?):
            return warning(
                "\(sent), its history shows it after \(text(time)), with the MsgKey \(found) where"
                    + " the call's is \(key)",
                "recalls go by the call's: try one before relying on them"
            )
        case .absent(let time):
            return warning(
                "\(sent), and its history doesn't show it within \(text(time))",
                "ask for longer with jobs.verifySettleSeconds, and see whether the app keeps a history"
            )
        case .numbersUnknown:
            return warning(
                "\(sent); can't tell whether its history shows it, the MsgKey '\(key)' has another"
                    + " form than MsgSeq_MsgRandom_time",
                "look into the account's history by hand"
            )
        case .unreadable(let reason):
            return warning(
                "\(sent); can't tell whether its history shows it: \(reason)",
                "look into the account's history by hand"
            )
        }
    }

    private static func warning(_ detail: String, _ remedy: String) -> Diagnosis {
        Diagnosis(.delivery, .warning, detail, remedy: remedy)
    }
}
