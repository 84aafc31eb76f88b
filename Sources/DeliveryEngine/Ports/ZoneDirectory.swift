package import DeliveryCore

/// The time zones that sending hours may name.
package protocol ZoneDirectory: TimeZones {
    /// Why a zone can't be named, with what would do; nil if it can.
    func fault(of zone: String) -> String?
}

extension UniversalTime: ZoneDirectory {
    package func fault(of zone: String) -> String? {
        zone == Self.name ? nil : "there is only \(Self.name)"
    }
}
