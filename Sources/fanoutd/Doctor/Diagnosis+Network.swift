import Client
import DeliveryCore
import Platform

extension Diagnosis {
    /// A lead or a lag that a signature bears, and yet is odd for a clock that is kept right.
    package static let clockWarning = Duration.seconds(60)
    /// Beyond it the provider takes signatures for expired, or for ones of the future.
    package static let clockFault = Duration.seconds(300)

    /// This machine's clock against an endpoint's.
    package static func clock(_ sighting: EndpointSighting) -> Diagnosis {
        let host = sighting.address.host
        guard let lead = sighting.clockLead else {
            return Diagnosis(
                .clock,
                .warning,
                "\(host) doesn't tell its time, so the clock wasn't compared",
                remedy: "compare it by hand: date -u"
            )
        }
        let distance = lead < .zero ? .zero - lead : lead
        // What a whole second of the header and the way there may hide.
        guard distance >= .seconds(2) else {
            return Diagnosis(.clock, .ok, "agrees with that of \(host)")
        }
        let status: Status =
            distance > clockFault
            ? .fault(.configuration) : distance > clockWarning ? .warning : .ok
        return Diagnosis(
            .clock,
            status,
            "\(text(span: distance)) \(lead < .zero ? "behind" : "ahead of") that of \(host)",
            remedy: status == .ok
                ? nil : "set it by NTP (timedatectl set-ntp true): signatures depend on it"
        )
    }

    private static func text(span: Duration) -> String {
        let seconds = Int(span.inSeconds.rounded())
        if seconds < 120 { return "\(seconds) s" }
        return seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
    }

    /// An endpoint; `key` is the one that names it.
    ///
    /// Only the first endpoint is needed: one that can't be reached is a fault although calls go to
    /// the backup then.
    package static func endpoint(
        _ check: Check,
        _ sighting: EndpointSighting,
        key: String
    ) -> Diagnosis {
        guard let failure = sighting.failure else {
            let times = sighting.steps.map { "\($0.stage.rawValue) \(text($0.time))" }
            return Diagnosis(
                check,
                .ok,
                "\(sighting.address) answers: " + times.joined(separator: ", ")
            )
        }
        return Diagnosis(
            check,
            check == .network ? .fault(.unreachable) : .warning,
            "\(key): \(sighting.address) can't be reached, \(failure.stage.rawValue) fails"
                + " (\(failure.fault.reason))",
            remedy: remedy(for: failure, key: key)
        )
    }

    /// A webhook's server, by its place in the configuration.
    ///
    /// One that can't be reached keeps nobody from being sent to, and gets its events later.
    package static func hook(_ index: Int, _ sighting: EndpointSighting) -> Diagnosis {
        let key = "webhooks[\(index)].url"
        guard let failure = sighting.failure else {
            let times = sighting.steps.map { "\($0.stage.rawValue) \(text($0.time))" }
            return Diagnosis(
                .webhook,
                .ok,
                "\(key): \(sighting.address) takes connections: " + times.joined(separator: ", ")
            )
        }
        return Diagnosis(
            .webhook,
            .warning,
            "\(key): \(sighting.address) can't be reached, \(failure.stage.rawValue) fails"
                + " (\(failure.fault.reason))",
            remedy: "see to that server and to the way there; events wait for three days"
        )
    }

    private static func remedy(for failure: EndpointSighting.Failure, key: String) -> String {
        switch (failure.stage, failure.fault) {
        case (.lookUp, _):
            "see to the name in \(key) and to this machine's name server (/etc/resolv.conf)"
        case (.connection, _):
            "see to the way there: firewall, route, and the port in \(key)"
        case (.handshake, .untrusted):
            "see to the clock; a proxy that signs by itself needs its root in"
                + " \(Configuration.ProviderSection.trustRootsName)"
        case (.handshake, _):
            "see to what stands between, and whether \(key) speaks TLS at that port"
        case (.answer, .noHTTP):
            "\(key) may name another port than the provider's"
        case (.answer, _):
            "see to what stands between, such as a proxy or a firewall"
        }
    }
}
