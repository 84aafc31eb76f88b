package import DeliveryCore
import Platform

extension Diagnosis {
    /// What a harmless call told of the credentials: it asked whether its own caller exists.
    ///
    /// Only a refusal that is about the credentials is their fault; another one leaves them unjudged.
    package static func credentials(
        _ caller: Account,
        _ outcome: CheckOutcome,
        remedy: (Int) -> String
    ) -> Diagnosis {
        let key = Configuration.ProviderSection.callerName
        switch outcome {
        case .answered(let missing, _) where missing.contains(caller):
            return Diagnosis(
                .credentials,
                .fault(.refused),
                "\(key): the app has no account '\(caller.text)'",
                remedy: "give the name of an administrator of the app, as its console shows it"
            )
        case .answered(_, let unclear) where unclear.contains(caller):
            return Diagnosis(
                .credentials,
                .warning,
                "the call was taken, and whether '\(caller.text)' exists wasn't told",
                remedy: "run this again later"
            )
        case .answered:
            return Diagnosis(.credentials, .ok, "a call by '\(caller.text)' was taken")
        case .refused(.credentials, let code, let text),
            .refused(.credentialsExpired, let code, let text):
            return Diagnosis(
                .credentials,
                .fault(.refused),
                "a call was refused with \(code): \(text)",
                remedy: remedy(code)
            )
        case .refused(_, let code, let text):
            return Diagnosis(
                .credentials,
                .warning,
                "a call was refused with \(code): \(text); so the credentials weren't judged",
                remedy: "run this again in some minutes"
            )
        case .notSent(let text):
            return Diagnosis(
                .credentials,
                .fault(.unreachable),
                "no call goes out (\(text))",
                remedy: "see to the network, and run this again"
            )
        case .unknown(let cause): return unanswered(cause)
        }
    }

    /// A call without an answer that can be used: of the network, or of the provider's own service.
    private static func unanswered(_ cause: Outcome.UnknownCause) -> Diagnosis {
        let (status, remedy): (Status, String) =
            switch cause {
            case .service, .unlisted, .interrupted, .clockOff:
                (.warning, "run this again in some minutes")
            case .http, .unreadable:
                (.fault(.unreachable), "see to what stands between, such as a proxy")
            case .timeout, .connectionLost:
                (.fault(.unreachable), "see to what stands between, and run this again")
            }
        return Diagnosis(
            .credentials,
            status,
            "a call had no answer that says anything about them (\(cause.text))",
            remedy: remedy
        )
    }
}
