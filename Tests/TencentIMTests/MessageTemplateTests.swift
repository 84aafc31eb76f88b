import DeliveryCore
import DeliveryEngine
import JSON
import TencentIM
import Testing

private func check(_ json: String, limit: Int = 12_000) -> Result<CheckedMessage, MessageFaults> {
    checkMessage(Array(json.utf8), limit: limit)
}

private func pointers(_ json: String) -> [String] {
    switch check(json) {
    case .success: []
    case .failure(let faults): faults.faults.map(\.pointer)
    }
}

private let body = #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#

private func element(_ type: String, _ content: String) -> String {
    #"{"MsgBody":[{"MsgType":"\#(type)","MsgContent":\#(content)}]}"#
}

@Test(arguments: [
    #""SyncOtherMachine":1"#, #""SyncOtherMachine":2"#, #""From_Account":"dave""#,
    #""OnlineOnlyFlag":0"#, #""OnlineOnlyFlag":1"#, #""MsgLifeTime":0"#,
    #""MsgLifeTime":604800"#, #""CloudCustomData":"""#, #""SendMsgControl":[]"#,
    #""SendMsgControl":["NoUnread","NoLastMsg","WithMuteNotifications","NoMsgCheck"]"#,
    #""OfflinePushInfo":{"PushFlag":0,"New":{"Deep":[1.50]}}"#, #""IsNeedReadReceipt":1"#,
])
func `a documented field passes`(_ field: String) {
    #expect(pointers("{\(field),\(body)}").isEmpty)
}

@Test(arguments: [
    (#""SyncOtherMachine":0"#, "/SyncOtherMachine"),
    (#""SyncOtherMachine":"1""#, "/SyncOtherMachine"),
    (#""SyncOtherMachine":1.0"#, "/SyncOtherMachine"),
    (#""From_Account":"""#, "/From_Account"),
    (#""From_Account":7"#, "/From_Account"),
    (#""From_Account":"a\u0007""#, "/From_Account"),
    (#""From_Account":"012345678901234567890123456789012""#, "/From_Account"),
    (#""OnlineOnlyFlag":2"#, "/OnlineOnlyFlag"),
    (#""OnlineOnlyFlag":true"#, "/OnlineOnlyFlag"),
    (#""MsgLifeTime":-1"#, "/MsgLifeTime"),
    (#""MsgLifeTime":604801"#, "/MsgLifeTime"),
    (#""MsgLifeTime":99999999999999999999"#, "/MsgLifeTime"),
    (#""CloudCustomData":{}"#, "/CloudCustomData"),
    (#""SendMsgControl":"NoUnread""#, "/SendMsgControl"),
    (#""SendMsgControl":["NoUnread","nounread"]"#, "/SendMsgControl/1"),
    (#""SendMsgControl":[3]"#, "/SendMsgControl/0"),
    (#""OfflinePushInfo":[]"#, "/OfflinePushInfo"),
    (#""OfflinePushInfo":null"#, "/OfflinePushInfo"),
    (#""IsNeedReadReceipt":3"#, "/IsNeedReadReceipt"),
    (#""To_Account":["a"]"#, "/To_Account"),
    (#""MsgRandom":1"#, "/MsgRandom"),
    (#""MsgSeq":1"#, "/MsgSeq"),
    (#""msgBody":1"#, "/msgBody"),
    (#""a~/b":1"#, "/a~0~1b"),
])
func `a field that won't do is named by its pointer`(_ field: String, pointer: String) {
    #expect(pointers("{\(field),\(body)}") == [pointer])
}

@Test(arguments: ["To_Account", "MsgRandom", "MsgSeq"])
func `the daemon's fields are said to be the daemon's`(_ name: String) {
    guard case .failure(let faults) = check(#"{"\#(name)":1,\#(body)}"#) else {
        Issue.record("accepted")
        return
    }
    #expect(faults.faults.first?.detail.contains("is the daemon's") == true)
}

@Test(arguments: [
    ("[]", [""]), ("7", [""]), ("{", [""]),
    ("{}", ["/MsgBody"]),
    (#"{"MsgBody":[]}"#, ["/MsgBody"]),
    (#"{"MsgBody":{}}"#, ["/MsgBody"]),
    (#"{"MsgBody":[1]}"#, ["/MsgBody/0"]),
    (#"{"MsgBody":[{}]}"#, ["/MsgBody/0/MsgContent", "/MsgBody/0/MsgType"]),
    (#"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"a"},"X":1}]}"#, ["/MsgBody/0/X"]),
    (#"{"MsgBody":[{"MsgType":"TIMText","MsgContent":{}}]}"#, ["/MsgBody/0/MsgType"]),
    (#"{"MsgBody":[{"MsgType":1,"MsgContent":{}}]}"#, ["/MsgBody/0/MsgType"]),
    (#"{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":"a"}]}"#, ["/MsgBody/0/MsgContent"]),
])
func `a body that is no list of elements is refused`(_ json: String, expected: [String]) {
    #expect(pointers(json) == expected)
}

@Test(arguments: [
    element("TIMTextElem", #"{"Text":"","New":[1]}"#),
    element("TIMLocationElem", #"{"Desc":"d","Latitude":29.340656774469956,"Longitude":-1e2}"#),
    element("TIMFaceElem", #"{"Index":1,"Data":"d"}"#),
    element("TIMCustomElem", #"{"Data":"d","Desc":"d","Ext":"e","Sound":"s"}"#),
    element(
        "TIMSoundElem",
        #"{"Url":"u","UUID":"i","Size":1,"Second":2,"Download_Flag":2}"#
    ),
    element(
        "TIMImageElem",
        #"{"UUID":"i","ImageFormat":255,"ImageInfoArray":[{"Type":1,"Size":1,"Width":1,"Height":1,"URL":"u","Z":0}]}"#
    ),
    element(
        "TIMFileElem",
        #"{"Url":"u","UUID":"i","FileSize":1,"FileName":"n","Download_Flag":2}"#
    ),
    element(
        "TIMVideoFileElem",
        #"{"VideoUrl":"u","VideoUUID":"i","VideoSize":1,"VideoSecond":1,"VideoFormat":"mp4","VideoDownloadFlag":2,"ThumbUrl":"u","ThumbUUID":"i","ThumbSize":1,"ThumbWidth":1,"ThumbHeight":1,"ThumbFormat":"JPG","ThumbDownloadFlag":2}"#
    ),
])
func `each of the eight elements passes`(_ json: String) {
    #expect(pointers(json).isEmpty)
}

@Test(arguments: [
    ("TIMTextElem", #"{"Text":1}"#, ["Text"]),
    ("TIMTextElem", "{}", ["Text"]),
    ("TIMLocationElem", #"{"Latitude":"1","Longitude":null}"#, ["Latitude", "Longitude"]),
    ("TIMLocationElem", #"{"Desc":1}"#, ["Desc", "Latitude", "Longitude"]),
    ("TIMFaceElem", #"{"Index":"1","Data":2}"#, ["Index", "Data"]),
    (
        "TIMCustomElem", #"{"Data":{},"Desc":1,"Ext":[],"Sound":0}"#,
        ["Data", "Desc", "Ext", "Sound"]
    ),
    (
        "TIMSoundElem", #"{"Url":1,"UUID":2,"Size":-1,"Second":"1","Download_Flag":1}"#,
        ["Url", "UUID", "Size", "Second", "Download_Flag"]
    ),
    (
        "TIMImageElem",
        #"{"UUID":1,"ImageFormat":5,"ImageInfoArray":[{"Type":4,"Size":"1","Width":1.5,"Height":4294967296,"URL":1},2]}"#,
        [
            "UUID", "ImageFormat", "ImageInfoArray/0/Type", "ImageInfoArray/0/Size",
            "ImageInfoArray/0/Width", "ImageInfoArray/0/Height", "ImageInfoArray/0/URL",
            "ImageInfoArray/1",
        ]
    ),
    ("TIMImageElem", #"{"ImageInfoArray":{}}"#, ["ImageInfoArray"]),
    ("TIMImageElem", #"{"UUID":"u"}"#, ["ImageInfoArray"]),
    (
        "TIMFileElem", #"{"Url":1,"UUID":2,"FileSize":"1","FileName":3,"Download_Flag":"2"}"#,
        ["Url", "UUID", "FileSize", "FileName", "Download_Flag"]
    ),
    (
        "TIMVideoFileElem",
        #"{"VideoUrl":1,"VideoUUID":1,"VideoSize":"","VideoSecond":"","VideoFormat":1,"VideoDownloadFlag":1,"ThumbUrl":1,"ThumbUUID":1,"ThumbSize":"","ThumbWidth":"","ThumbHeight":"","ThumbFormat":1,"ThumbDownloadFlag":0}"#,
        [
            "VideoUrl", "VideoUUID", "VideoSize", "VideoSecond", "VideoFormat",
            "VideoDownloadFlag", "ThumbUrl", "ThumbUUID", "ThumbSize", "ThumbWidth",
            "ThumbHeight", "ThumbFormat", "ThumbDownloadFlag",
        ]
    ),
])
func `a content's field of a wrong type is named`(
    _ type: String,
    content: String,
    names: [String]
) {
    #expect(pointers(element(type, content)) == names.map { "/MsgBody/0/MsgContent/" + $0 })
}

@Test func `a second custom element is one too many`() {
    let custom = #"{"MsgType":"TIMCustomElem","MsgContent":{"Data":"d"}}"#
    #expect(pointers(#"{"MsgBody":[\#(custom)]}"#).isEmpty)
    #expect(pointers(#"{"MsgBody":[\#(custom),\#(custom)]}"#) == ["/MsgBody/1"])
}

@Test func `every fault is found at once`() {
    let json = #"{"MsgSeq":1,"Nope":1,"MsgLifeTime":-1,"MsgBody":[{"MsgType":"X","MsgContent":1}]}"#
    #expect(
        pointers(json) == [
            "/MsgSeq", "/Nope", "/MsgLifeTime", "/MsgBody/0/MsgContent", "/MsgBody/0/MsgType",
        ]
    )
}

@Test func `a message is compacted and otherwise kept as it was written`() throws {
    let json = """
        { "OfflinePushInfo" : { "n" : 1.50e+01 , "s" : " a \\" b \\/ \\u0041\\u0007 " } ,\r\n
          "MsgBody":\t[ {"MsgType":"TIMTextElem","MsgContent":{"Text":"\\u4f60\\uD83D\\uDE00\\u200d é"}} ] }
        """
    let message = try check(json).get()
    #expect(
        String(decoding: message.json, as: UTF8.self)
            == #"{"OfflinePushInfo":{"n":1.50e+01,"s":" a \" b \/ \u0041\u0007 "},"#
            + #""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"你😀\u200d é"}}]}"#
    )
}

@Test func `a backslash before a u is no escape of its own`() throws {
    let message = try check(element("TIMTextElem", #"{"Text":"\\u4f60\\"}"#)).get()
    #expect(String(decoding: message.json, as: UTF8.self).contains(#""Text":"\\u4f60\\""#))
}

@Test func `a message must leave room for the largest account`() throws {
    let overhead = makeMessage().packetOverhead
    let json = "{\(body)}"
    #expect(throws: Never.self) { try check(json, limit: overhead + 67).get() }
    guard case .failure(let faults) = check(json, limit: overhead + 66) else {
        Issue.record("accepted")
        return
    }
    #expect(faults.faults.map(\.pointer) == [""])
}

@Test func `no mutation of a message crashes the check, and what passes is JSON still`() {
    let seeds = [
        element("TIMTextElem", #"{"Text":"\u4f60\ud83d\ude00\\\" x"}"#),
        #"{"From_Account":"dave","SendMsgControl":["NoUnread"],"OfflinePushInfo":{"a":[1.5e3,null]},\#(body)}"#,
    ]
    var random = SplitMix64(seed: 2)
    var accepted = 0
    for round in 0..<5_000 {
        let bytes = mutated(Array(seeds[round % 2].utf8), using: &random)
        guard case .success(let message) = checkMessage(bytes) else { continue }
        accepted += 1
        // Compacting twice changes nothing, and the result passes again.
        #expect(checkMessage(message.json) == .success(message))
    }
    #expect((20..<4_500).contains(accepted))
}
