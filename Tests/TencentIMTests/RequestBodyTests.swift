import DeliveryCore
import TencentIM
import Testing

@Test func `a request has the accounts, the numbers and the message`() {
    let body = RequestBody.encode(
        makeBatch(
            accounts: [Account("bonnie"), Account(#"a"b\c"#), Account("é")],
            sequence: 4_294_967_295,
            random: 0
        )
    )
    #expect(
        String(decoding: body, as: UTF8.self)
            == #"{"To_Account":["bonnie","a\"b\\c","é"],"MsgSeq":4294967295,"MsgRandom":0,"#
            + #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}"#
    )
}

@Test(arguments: [1, 2, 499, 500])
func `a request has exactly the bytes that were counted, less one comma`(_ count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    let letters = Array(#"ab"\é~ "#.unicodeScalars)
    let accounts = (0..<count).map { _ in
        let length = Int.random(in: 1...16, using: &random)
        let scalars = (0..<length).map { _ in letters.randomElement(using: &random) ?? "x" }
        return Account(String(String.UnicodeScalarView(scalars)))
    }
    let batch = makeBatch(accounts: accounts, sequence: .max, random: .max)
    let counted = batch.message.packetOverhead + accounts.reduce(0) { $0 + UserIDs().size(of: $1) }
    #expect(RequestBody.encode(batch).count == counted - 1)
}

@Test func `numbers of fewer digits make a shorter request`() {
    let batch = makeBatch(sequence: 7, random: 42)
    let counted =
        batch.message.packetOverhead + batch.accounts.reduce(0) { $0 + UserIDs().size(of: $1) }
    #expect(RequestBody.encode(batch).count == counted - 1 - 9 - 8)
}
