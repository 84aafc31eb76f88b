import DeliveryCore
import JSON

/// The documented content of the eight kinds of element.
///
/// Only what a message can't do without is required: Tencent's pages disagree on the rest, and a
/// field it misses after all comes back as 90010, which halts the campaign.
enum ElementFields {
    static let typeNames = byType.keys.sorted()

    static let byType: [String: [FieldCheck.Field]] = [
        "TIMTextElem": [.required("Text", .string)],
        "TIMLocationElem": [
            .init("Desc", .string), .required("Latitude", .number()),
            .required("Longitude", .number()),
        ],
        "TIMFaceElem": [
            .init("Index", .integer(Int(Int32.min)...Int(UInt32.max))), .init("Data", .string),
        ],
        "TIMCustomElem": [
            .init("Data", .string), .init("Desc", .string), .init("Ext", .string),
            .init("Sound", .string),
        ],
        "TIMSoundElem": [
            .init("Url", .string), .init("UUID", .string), .init("Size", .count),
            .init("Second", .count), .init("Download_Flag", .oneOf([2])),
        ],
        "TIMImageElem": [
            .init("UUID", .string), .init("ImageFormat", .oneOf([1, 2, 3, 4, 255])),
            .required("ImageInfoArray", .anything),
        ],
        "TIMFileElem": [
            .init("Url", .string), .init("UUID", .string), .init("FileSize", .count),
            .init("FileName", .string), .init("Download_Flag", .oneOf([2])),
        ],
        "TIMVideoFileElem": video,
    ]

    /// One picture of an image element.
    static let imageInfo: [FieldCheck.Field] = [
        .init("Type", .oneOf([1, 2, 3])), .init("Size", .count), .init("Width", .count),
        .init("Height", .count), .init("URL", .string),
    ]

    private static let video: [FieldCheck.Field] = [
        .init("VideoUrl", .string), .init("VideoUUID", .string), .init("VideoSize", .count),
        .init("VideoSecond", .count), .init("VideoFormat", .string),
        .init("VideoDownloadFlag", .oneOf([2])), .init("ThumbUrl", .string),
        .init("ThumbUUID", .string), .init("ThumbSize", .count), .init("ThumbWidth", .count),
        .init("ThumbHeight", .count), .init("ThumbFormat", .string),
        .init("ThumbDownloadFlag", .oneOf([2])),
    ]
}

extension Rule {
    /// A size, width, duration or other count: Tencent's integers of that kind are 32 bits wide.
    static let count = Rule.integer(0...Int(UInt32.max))

    static let account = Rule.text { UserIDs().fault(in: $0) }
}
