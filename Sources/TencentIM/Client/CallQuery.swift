import Codecs

/// Path and query of a call.
struct CallQuery {
    let command: ServiceCommand
    let credentials: AppCredentials
    let signature: String
    let random: UInt32

    var path: String {
        "/v4/\(command.rawValue)?sdkappid=\(credentials.sdkAppID)"
            + "&identifier=\(PercentEncoding.encode(credentials.administrator))"
            + "&usersig=\(PercentEncoding.encode(signature))"
            + "&random=\(random)&contenttype=json"
    }
}
