/// A message that passed the provider's checks, ready to be sent.
package struct CheckedMessage: Sendable, Hashable {
    /// The message as one compact JSON object, without recipients and a call's numbers.
    package let json: [UInt8]
    /// The bytes a request takes before its first account, the longest numbers included.
    package let packetOverhead: Int

    package init(json: [UInt8], packetOverhead: Int) {
        self.json = json
        self.packetOverhead = packetOverhead
    }
}
